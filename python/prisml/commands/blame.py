"""Errors of a user's module, told as a ``DefinitionError`` with its file and line."""

from __future__ import annotations

import inspect
import os
import re
import site
import sysconfig
import traceback
from contextlib import AbstractContextManager
from difflib import get_close_matches
from pathlib import Path
from types import TracebackType

from prisml import definition
from prisml.errors import DefinitionError, PrisMLError

_OWN = Path(__file__).resolve().parent.parent
# Their text is the program's: names and syntax. The text of other errors may quote data, and is left to --debug.
_OF_A_CALL = re.compile(r"^[\w.<>]+\(\) (got an unexpected keyword argument|got multiple values|missing \d+ required|takes )")
"""A call that does not fit the signature: Python's words name the function and its parameters alone."""
_UNEXPECTED = re.compile(r"(\w+)\(\) got an unexpected keyword argument '(\w+)'")
_SPEAKING = (ImportError, NameError, AttributeError, SyntaxError)


class Blame(AbstractContextManager[None]):
    """While the module at ``place`` is imported, whatever it raises becomes an error that names its file and line."""

    def __init__(self, place: str) -> None:
        self._place = place

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if error is None or not isinstance(error, (Exception, SystemExit)):
            return
        if isinstance(error, ModuleNotFoundError) and _is_itself(error.name, self._place):
            hint = "Run the command from the folder that holds the package, or name a file: path/to/module.py."
            raise DefinitionError(f"There is no module {self._place}.", {"target": self._place}, [hint]) from None
        raise _told(error, trace, self._place) from error


def _is_itself(missing: str | None, place: str) -> bool:
    return missing is not None and (place == missing or place.startswith(f"{missing}."))


def _told(error: BaseException, trace: TracebackType | None, place: str) -> PrisMLError:
    file, line = _where(error, trace, place)
    if isinstance(error, PrisMLError) and not line:
        return error
    context = {"target": place, "file": file, "line": line}
    if isinstance(error, PrisMLError):
        return type(error)(f"{file}, line {line}: {error.message}", {**error.context, **context}, error.suggestions)
    what = f"{type(error).__name__}: {error}" if isinstance(error, _SPEAKING) else type(error).__name__
    if isinstance(error, SyntaxError):
        what = f"{type(error).__name__}: {error.msg}"
    if isinstance(error, SystemExit):
        what = "it exits the interpreter when it is imported"
    if (variable := _unset_variable(error)) is not None:
        what = f"KeyError: the environment has no {variable}"
    if isinstance(error, TypeError) and _OF_A_CALL.search(str(error)):
        what = f"{type(error).__name__}: {error}"
    return DefinitionError(
        f"{file}, line {line}: {what.rstrip('.')}.", context, [*_ways_out(error), "Run with --debug for the whole traceback."]
    )


def _ways_out(error: BaseException) -> list[str]:
    if isinstance(error, ModuleNotFoundError):
        return ["Install it, or run the command from the folder that it is imported from."]
    if (variable := _unset_variable(error)) is not None:
        return [f"Set {variable}, as your application has it."]
    if isinstance(error, TypeError) and (found := _UNEXPECTED.search(str(error))):
        function = getattr(definition, found[1], None)
        near = get_close_matches(found[2], inspect.signature(function).parameters, n=1) if callable(function) else []
        return [f"Did you mean {name}=?" for name in near]
    return []


def _unset_variable(error: BaseException) -> str | None:
    """The variable that ``os.environ`` was asked for and has not; the key of any other ``KeyError`` may be data."""
    if not isinstance(error, KeyError) or error.__traceback__ is None:
        return None
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    return str(error.args[0]) if frame.f_locals.get("self") is os.environ else None


def _where(error: BaseException, trace: TracebackType | None, place: str) -> tuple[str, int]:
    """The last line of the user's own code that the error came through."""
    if isinstance(error, SyntaxError) and error.filename:
        return _short(error.filename), error.lineno or 0
    frames = [frame for frame in traceback.extract_tb(trace) if _is_users(frame.filename)]
    return (_short(frames[-1].filename), frames[-1].lineno or 0) if frames else (place, 0)


def is_known(filename: str) -> bool:
    """Whether the file is PrisML's own or the user's, and not another library's."""
    return Path(filename).is_relative_to(_OWN) or _is_users(filename)


def _is_users(filename: str) -> bool:
    path = Path(filename)
    if filename.startswith("<") or not path.is_absolute():
        return False
    libraries = {*sysconfig.get_paths().values(), *site.getsitepackages()} - {sysconfig.get_path("data"), sysconfig.get_path("scripts")}
    return not path.is_relative_to(_OWN) and not any(path.is_relative_to(folder) for folder in libraries)


def _short(filename: str) -> str:
    path = Path(filename).resolve()
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
