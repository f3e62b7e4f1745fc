"""The border of the command line: within it every failure becomes a message and an exit code, and no traceback unless asked for."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

import click

from prisml.errors import EXIT_USAGE, PrisMLError

EXIT_INTERRUPTED = 130
EXIT_BROKEN_PIPE = 141


def _nothing_said() -> str:
    return "Interrupted."


@dataclass
class State:
    """How failures are to be shown, and what a command says was done when it is interrupted."""

    json: bool = False
    debug: bool = False
    interrupted: Callable[[], str] = field(default=_nothing_said)

    @classmethod
    def of(cls, words: Sequence[str]) -> State:
        """Read before click does, so that an error of usage is shown in the form that was asked for."""
        return cls(json="--json" in words, debug="--debug" in words)


class _ReaderGoneError(Exception):
    """Whoever read stdout has closed it."""


@contextmanager
def noticing_a_gone_reader() -> Iterator[None]:
    """Hide a broken pipe from click, which would take it for the answer no."""
    try:
        yield
    except BrokenPipeError as error:
        raise _ReaderGoneError from error


class Border(AbstractContextManager["Border"]):
    """Holds the exit code; takes every exception but ``SystemExit``."""

    def __init__(self, state: State) -> None:
        self.code = 0
        self._state = state

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> bool:
        if error is None or isinstance(error, SystemExit):
            return False
        self.code = self._told(error)
        return True

    def _told(self, error: BaseException) -> int:
        if isinstance(error, (BrokenPipeError, _ReaderGoneError)):
            return _hush()
        if self._state.debug and not isinstance(error, click.ClickException):
            traceback.print_exception(error)
        if isinstance(error, (KeyboardInterrupt, click.Abort)):
            return _interruption(self._state)
        if isinstance(error, click.ClickException):
            return _usage(error, self._state)
        told = error if isinstance(error, PrisMLError) else _bug(error)
        show(told, self._state)
        return told.exit_code


def show(error: PrisMLError, state: State, *, on_stdout: bool = True) -> None:
    """Write the error and the way out to stderr; with ``--json`` to stdout too, as a JSON object."""
    from prisml.cli.render import write_error, write_json  # rich is not needed while all is well

    write_error(error)
    if state.json and on_stdout:
        write_json({"ok": False, "exit_code": error.exit_code, "error": describe(error)})


def describe(error: PrisMLError) -> dict[str, object]:
    """The error as a JSON object: code, message, context, suggestions."""
    return {
        "code": error.code,
        "message": error.message,
        "context": {key: _plain(value) for key, value in error.context.items()},
        "suggestions": list(error.suggestions),
    }


def _plain(value: object) -> object:
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return [_plain(item) for item in value] if isinstance(value, (list, tuple, set, frozenset)) else str(value)


class _BugError(PrisMLError):
    code = "bug"


class _UsageError(PrisMLError):
    code = "usage"


class _InterruptedError(PrisMLError):
    code = "interrupted"


def _interruption(state: State) -> int:
    told = state.interrupted()
    click.echo(told, err=True)
    if state.json:
        from prisml.cli.render import write_json  # as above

        write_json({"ok": False, "exit_code": EXIT_INTERRUPTED, "error": describe(_InterruptedError(told))})
    return EXIT_INTERRUPTED


def _usage(error: click.ClickException, state: State) -> int:
    error.show()
    if state.json:
        from prisml.cli.render import write_json  # as above

        write_json({"ok": False, "exit_code": EXIT_USAGE, "error": describe(_UsageError(error.format_message()))})
    return EXIT_USAGE


def _bug(error: BaseException) -> PrisMLError:
    """What nobody foresaw, told by type and place: its own words may quote data, unless they are about names."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else ""
    words = f" ({error})" if isinstance(error, (ImportError, NameError, AttributeError)) else ""
    hints = ["Run with --debug for the traceback, and report it."]
    return _BugError(f"{type(error).__name__}{place}{words}: a bug in PrisML or in code that it called.", {}, hints)


def _hush() -> int:
    """Whoever read the output has gone: give what is still buffered to nobody, so that the interpreter ends in silence."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return EXIT_BROKEN_PIPE
