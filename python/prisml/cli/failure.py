"""The border of the command line: within it every failure becomes a message and an exit code, and no traceback unless asked for."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

import click

from prisml.errors import EXIT_USAGE, PrisMLError

EXIT_INTERRUPTED = 130
EXIT_BROKEN_PIPE = 141
_VALUED = frozenset({"--log-level", "--log-format"})
"""The options of the root that a word follows which is no command."""
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})


def _nothing_said() -> str:
    return "Interrupted."


@dataclass
class State:
    """How failures are to be shown, and what a command says was done when it is interrupted.

    ``command`` is the one that runs, and ``log`` is closed when it is over: until then what it logs is written. ``lines`` says that
    stdout holds one JSON document a line, so that an error is a line too.
    """

    json: bool = False
    lines: bool = False
    debug: bool = False
    interrupted: Callable[[], str] = field(default=_nothing_said)
    command: str | None = None
    log: ExitStack = field(default_factory=ExitStack, compare=False)

    @classmethod
    def of(cls, words: Sequence[str]) -> State:
        """Read before click does, so that an error of usage is shown in the form that was asked for."""
        named = (word for before, word in zip(["", *words], words, strict=False) if not word.startswith("-") and before not in _VALUED)
        command = next(named, None)
        return cls(json="--json" in words, lines=command == "predict", debug="--debug" in words)


class _ReaderGoneError(Exception):
    """Whoever read stdout has closed it."""


@contextmanager
def noticing_a_gone_reader() -> Iterator[None]:
    """Hide a broken pipe from click, which would take it for the answer no."""
    try:
        yield
    except BrokenPipeError as error:
        raise _ReaderGoneError from error


class Attempt(AbstractContextManager["Attempt"]):
    """Takes what one model of several raises, a bug too, so that the others go on; an interruption and a gone reader pass."""

    def __init__(self, state: State) -> None:
        self.failure: PrisMLError | None = None
        self._state = state

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> bool:
        if not isinstance(error, Exception) or isinstance(error, (BrokenPipeError, click.Abort, click.ClickException)):
            return False
        if self._state.debug:
            traceback.print_exception(error)
        self.failure = error if isinstance(error, PrisMLError) else _bug(error)
        return True


class Border(AbstractContextManager["Border"]):
    """Holds the exit code; takes every exception but the ``SystemExit`` by which click leaves."""

    def __init__(self, state: State) -> None:
        self.code = 0
        self._state = state

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> bool:
        if error is None or (isinstance(error, SystemExit) and _is_of_click(trace)):
            return False
        self.code = self._told(error)
        return True

    def _told(self, error: BaseException) -> int:
        if isinstance(error, (BrokenPipeError, _ReaderGoneError)):
            return _hush()
        if isinstance(error, OSError) and error.errno in _NO_ROOM and error.filename is None:
            return _unwritable(error)
        if self._state.debug and not isinstance(error, click.ClickException):
            traceback.print_exception(error)
        if isinstance(error, (KeyboardInterrupt, click.Abort)):
            return _interruption(self._state)
        if isinstance(error, click.ClickException):
            return _usage(error, self._state)
        told = error if isinstance(error, PrisMLError) else _bug(error)
        show(told, self._state)
        return told.exit_code


def _is_of_click(trace: TracebackType | None) -> bool:
    """Whether click raised it, as it does after completion, and not the code of a model, whose ``exit()`` would look like success."""
    frames = [frame for frame, _ in traceback.walk_tb(trace)]
    return bool(frames) and str(frames[-1].f_globals.get("__name__")).partition(".")[0] == "click"


def show(error: PrisMLError, state: State, *, on_stdout: bool = True) -> None:
    """Write the error and the way out to stderr; with ``--json`` to stdout too, as a JSON object."""
    from prisml.cli.render import write_error  # rich is not needed while all is well

    write_error(error)
    if on_stdout:
        _answer(error, error.exit_code, state)


def show_failed(error: PrisMLError, state: State) -> None:
    """The same for one model of several, whose error stands in the document of all; with ``--debug``, below its traceback."""
    if state.debug:
        traceback.print_exception(error)
    show(error, state, on_stdout=False)


def describe(error: PrisMLError) -> dict[str, object]:
    """The error as a JSON object: code, message, context, suggestions."""
    return {
        "code": error.code,
        "message": error.message,
        "context": {key: _plain(value) for key, value in error.context.items()},
        "suggestions": list(error.suggestions),
    }


def _answer(error: PrisMLError, exit_code: int, state: State) -> None:
    """With ``--json``, the error as a document on stdout, in the form that the command's own answers have."""
    if not state.json:
        return
    from prisml.cli.render import line, write_json  # as above

    document = {"ok": False, "exit_code": exit_code, "error": describe(error)}
    if state.lines:
        sys.stdout.write(line(document))
    else:
        write_json(document)


def _plain(value: object) -> object:
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return [_plain(item) for item in value] if isinstance(value, (list, tuple, set, frozenset)) else str(value)


class _BugError(PrisMLError):
    code = "bug"


class _UsageError(PrisMLError):
    code = "usage"


class _OutputError(PrisMLError):
    code = "output"


class _InterruptedError(PrisMLError):
    code = "interrupted"


def _interruption(state: State) -> int:
    told = state.interrupted()
    click.echo(told, err=True)
    _answer(_InterruptedError(told), EXIT_INTERRUPTED, state)
    return EXIT_INTERRUPTED


def _usage(error: click.ClickException, state: State) -> int:
    error.show()
    _answer(_UsageError(error.format_message()), EXIT_USAGE, state)
    return EXIT_USAGE


def _unwritable(error: OSError) -> int:
    """What is told where stdout takes no more; it is not told there too."""
    told = _OutputError(f"The output cannot be written: {error.strerror}.", {}, ["Make room, or write it to another place."])
    show(told, State())
    _hush()
    return told.exit_code


def _bug(error: BaseException) -> PrisMLError:
    """What nobody foresaw, told by type and place: its own words may quote data, unless they are about names."""
    from prisml.commands.blame import is_known  # as above

    frames = traceback.extract_tb(error.__traceback__)
    # Where a library raised, the line that called it is the one to look at.
    found = [frame for frame in frames if is_known(frame.filename)] or frames
    place = f" at {Path(found[-1].filename).name}, line {found[-1].lineno}" if found else ""
    words = f" ({error})" if isinstance(error, (ImportError, NameError, AttributeError)) else ""
    hints = ["Run with --debug for the traceback, and report it."]
    return _BugError(f"{type(error).__name__}{place}{words}: a bug in PrisML or in code that it called.", {}, hints)


def _hush() -> int:
    """Whoever read the output has gone: give what is still buffered to nobody, so that the interpreter ends in silence."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return EXIT_BROKEN_PIPE
