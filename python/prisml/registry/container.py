"""Where an archive's members are: in a folder, or in one file, a zip whose members are stored as they are.

Nothing is ever unpacked to a path that a member names: members are read by the names that the archive's index asks for. A file holds
these and no other, none of them compressed, so that nothing grows when it is read.
"""

from __future__ import annotations

import os
import re
import struct
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from prisml.errors import ConfigurationError
from prisml.registry.archive import INDEX_FILE, damaged, member_of
from prisml.registry.bundle import LARGEST_REPORT, MANIFEST_FILE, MODEL_FILE, REPORT_FILE

SUFFIX = ".prisml"
LARGEST = {INDEX_FILE: 64 * 2**20, MANIFEST_FILE: 64 * 2**20, MODEL_FILE: 2**31 - 1, REPORT_FILE: LARGEST_REPORT}
"""The most bytes that a member may have, by the last part of its name. No ONNX file can be larger: protobuf ends there."""

_VERSION_FILES = (MANIFEST_FILE, MODEL_FILE, REPORT_FILE)
_MEMBER = re.compile(rf"{re.escape(INDEX_FILE)}|versions/[0-9a-f]{{64}}/({'|'.join(map(re.escape, _VERSION_FILES))})")
_VERSION_FOLDER = re.compile(r"[0-9a-f]{64}")
_MOMENT = (1980, 1, 1, 0, 0, 0)
_ENCRYPTED = 0x1
# What zipfile raises for a file that is damaged, by where the damage is.
_BROKEN = (zipfile.BadZipFile, OSError, ValueError, EOFError, NotImplementedError, RuntimeError, OverflowError, struct.error)


class Source(Protocol):
    """Reads an archive's members."""

    def read(self, member: str) -> bytes:
        """The member's bytes; ``ArtifactError`` where it is missing, too large or damaged."""

    def only(self, members: Iterable[str]) -> None:
        """``ArtifactError`` where there is anything else that an archive would hold."""


class FolderSource:
    """An archive in a folder. What else lies there, such as a readme, is left alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, member: str) -> bytes:
        place = self._folder.joinpath(*member.split("/"))
        try:
            if not place.is_file():
                raise damaged(f"{member} is missing", member=member)
            _check_size(member, place.stat().st_size)
            return place.read_bytes()
        except OSError as error:
            raise damaged(f"{member} cannot be read ({type(error).__name__})", member=member) from None

    def only(self, members: Iterable[str]) -> None:
        """A folder may hold more: it is kept in git, beside other files."""


class FileSource:
    """An archive in one file, open."""

    def __init__(self, archive: zipfile.ZipFile, size: int) -> None:
        self._archive = archive
        self._members: dict[str, zipfile.ZipInfo] = {}
        for info in archive.infolist():
            name = info.orig_filename
            if not _MEMBER.fullmatch(name) or info.filename != name:
                raise damaged("it holds a member that no archive has")
            if name in self._members:
                raise damaged(f"{name} is in it twice", member=name)
            if info.compress_type != zipfile.ZIP_STORED or info.compress_size != info.file_size or info.flag_bits & _ENCRYPTED:
                raise damaged(f"{name} is compressed or encrypted", member=name)
            _check_size(name, info.file_size)
            self._members[name] = info
        if sum(info.file_size for info in self._members.values()) > size:
            raise damaged("its members are larger than itself")

    def read(self, member: str) -> bytes:
        info = self._members.get(member)
        if info is None:
            raise damaged(f"{member} is missing", member=member)
        try:
            return self._archive.read(info)
        except _BROKEN as error:
            raise damaged(f"{member} cannot be read ({type(error).__name__})", member=member) from None

    def only(self, members: Iterable[str]) -> None:
        if more := sorted(set(self._members) - set(members)):
            raise damaged(f"it holds {more[0]}, which {INDEX_FILE} does not name", member=more[0])


@contextmanager
def open_source(place: Path) -> Iterator[Source]:
    """The archive at ``place``, a folder or a file; ``ArtifactError`` where it is none."""
    if place.is_dir():
        yield FolderSource(place)
        return
    try:
        size = place.stat().st_size
        archive = zipfile.ZipFile(place)
    except FileNotFoundError:
        raise damaged(f"there is nothing at {place}", place=str(place)) from None
    except _BROKEN as error:
        raise damaged(f"{place.name} is no archive, or is truncated ({type(error).__name__})", place=str(place)) from None
    with archive:
        yield FileSource(archive, size)


@contextmanager
def written(place: Path) -> Iterator[zipfile.ZipFile]:
    """A file to ``add`` members to, which is at ``place`` when the block has ended well, and not before."""
    draft = place.with_name(f".{place.name}.{os.getpid()}.part")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("wb") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
                yield archive
            file.flush()
            os.fsync(file.fileno())
        draft.replace(place)
    except OSError as error:
        raise _unwritable(place, error) from None
    finally:
        with suppress(OSError):
            draft.unlink()


def add(archive: zipfile.ZipFile, member: str, content: bytes) -> None:
    """Store ``content`` as it is, with nothing of this machine or moment."""
    info = zipfile.ZipInfo(member, _MOMENT)
    info.create_system = 3
    info.external_attr = 0o100644 << 16
    archive.writestr(info, content)


def write_member(folder: Path, member: str, content: bytes) -> None:
    """Write a member of the archive in ``folder``."""
    place = folder.joinpath(*member.split("/"))
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    except OSError as error:
        raise _unwritable(folder, error) from None


def clear(folder: Path, members: Iterable[str]) -> None:
    """Remove what an earlier archive left in ``folder`` and ``members`` do not name, its index first; nothing else is touched."""
    kept = set(members)
    try:
        (folder / INDEX_FILE).unlink(missing_ok=True)
        for old in (folder / "versions").glob("*"):
            if _VERSION_FOLDER.fullmatch(old.name):
                for file in _VERSION_FILES:
                    if member_of(old.name, file) not in kept:
                        (old / file).unlink(missing_ok=True)
                with suppress(OSError):
                    old.rmdir()
    except OSError as error:
        raise _unwritable(folder, error) from None


def _check_size(member: str, size: int) -> None:
    if size > LARGEST[member.rsplit("/", maxsplit=1)[-1]]:
        raise damaged(f"{member} is larger than any that is written", member=member, bytes=size)


def _unwritable(place: Path, error: OSError) -> ConfigurationError:
    return ConfigurationError(
        f"The archive cannot be written to {place}: {type(error).__name__}.", {"place": str(place)}, ["Name a place you may write to."]
    )
