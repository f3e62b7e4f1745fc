"""Writing several files so that all of them are there, or none."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from prisml.errors import ConfigurationError

_WRITABLE = "Make its folder one that you may write to, or name a file in another: --to FILE."


@dataclass(frozen=True)
class Change:
    """A file with the text that it is to have; ``before`` is what it has now, None where it is not there."""

    file: Path
    text: str
    before: bytes | None = None

    @property
    def is_new(self) -> bool:
        """Whether the file is made."""
        return self.before is None


def created(file: Path, text: str, otherwise: str = "--to FILE") -> Change:
    """A new file; ``ConfigurationError`` where there is one of that name: nobody's file is overwritten.

    ``otherwise`` is the option by which it gets another name.
    """
    if file.exists() or file.is_symlink():
        hint = f"Name another one with {otherwise}, or move the file away."
        raise ConfigurationError(f"{file} is there already, and is not overwritten.", {"file": str(file)}, [hint])
    return Change(file, text)


@contextlib.contextmanager
def written(changes: Sequence[Change]) -> Iterator[None]:
    """All of ``changes`` are made; whatever is raised in the block, or on the way to it, takes all of them back.

    Raises ``ConfigurationError`` where a file cannot be written, or has changed since it was looked at.
    """
    done: list[Change] = []
    folders: list[Path] = []
    try:
        for change in changes:
            try:
                _make_folders(change.file.parent, folders)
                _put(change)
            except OSError as error:
                reason = error.strerror or type(error).__name__
                message = f"{change.file} cannot be written ({reason})."
                raise ConfigurationError(message, {"file": str(change.file)}, [_WRITABLE]) from None
            done.append(change)
        yield
    except BaseException:
        for change in reversed(done):
            with contextlib.suppress(OSError):
                _take_back(change)
        for folder in reversed(folders):
            with contextlib.suppress(OSError):
                folder.rmdir()
        raise


def _make_folders(folder: Path, made: list[Path]) -> None:
    """Make the folder and those above it; ``made`` has each that was made, also where one of them cannot be."""
    for each in reversed([each for each in (folder, *folder.parents) if not each.exists()]):
        each.mkdir(exist_ok=True)
        made.append(each)


def _put(change: Change) -> None:
    """The file is replaced whole; one that came or changed in the meantime is somebody's, and stays."""
    if change.before is not None and change.file.read_bytes() != change.before:
        raise ConfigurationError(f"{change.file} has changed in the meantime.", {"file": str(change.file)}, ["Run the command again."])
    if change.is_new:
        _make(change.file, change.text.encode())
        return
    _replace(change.file, change.text.encode())


def _make(file: Path, data: bytes) -> None:
    stream = file.open("xb")
    try:
        with stream:
            stream.write(data)
    except BaseException:
        # What was only begun, as on a full disk, is taken back here: it does not count as done.
        file.unlink(missing_ok=True)
        raise


def _replace(file: Path, data: bytes) -> None:
    # A link stays one: what it leads to is replaced.
    place = file.resolve()
    number, name = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.")
    try:
        with os.fdopen(number, "wb") as stream:
            stream.write(data)
        Path(name).chmod(place.stat().st_mode & 0o7777)
        Path(name).replace(place)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _take_back(change: Change) -> None:
    if change.before is None:
        change.file.unlink()
    else:
        _replace(change.file, change.before)
