"""The folders of this machine that a container sees, each under its own path."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from prisml.commands.targets import split_target
from prisml.errors import TrainingEnvironmentError

# What stood there in the image would be hidden, and the image needs it.
_TOP = ("bin", "dev", "etc", "lib", "lib64", "proc", "run", "sbin", "sys", "tmp", "usr", "var")
_OF_THE_IMAGE = frozenset(
    {"/", "/usr/local", *(f"/{name}" for name in _TOP), *(f"/usr{local}/{name}" for local in ("", "/local") for name in _TOP)}
)


@dataclass(frozen=True)
class Mount:
    """A folder that a container sees under the path that it has here, to read or also to write."""

    folder: Path
    writable: bool = False

    def option(self) -> str:
        """The value of ``--mount``, which is a line of CSV."""
        parts = ["type=bind", f"source={self.folder}", f"target={self.folder}", *(() if self.writable else ("readonly",))]
        line = io.StringIO()
        csv.writer(line, lineterminator="").writerow(parts)
        return line.getvalue()


def merged(mounts: Iterable[Mount]) -> tuple[Mount, ...]:
    """Each folder once, writable where one of its mounts is, an outer one before those in it; one that adds nothing is left out.

    ``TrainingEnvironmentError`` for a folder whose place in the image is taken.
    """
    writable: dict[Path, bool] = {}
    for mount in mounts:
        if str(mount.folder) in _OF_THE_IMAGE:
            raise _out_of_reach(f"The folder {mount.folder} cannot be given to a container: its image needs its own", mount.folder)
        writable[mount.folder] = writable.get(mount.folder, False) or mount.writable
    kept: list[Mount] = []
    for folder in sorted(writable, key=lambda each: len(each.parts)):
        around = [mount for mount in kept if folder.is_relative_to(mount.folder)]
        if not around or around[-1].writable != writable[folder]:
            kept.append(Mount(folder, writable[folder]))
    return tuple(kept)


def require_within(project: Path, targets: Sequence[str]) -> None:
    """``TrainingEnvironmentError`` where a target is a file outside the project, the one folder of code that a container sees."""
    for target in targets:
        file = Path(split_target(target)[0])
        if (target.endswith(".py") or file.is_file()) and not file.resolve().is_relative_to(project):
            raise _out_of_reach(f"{target} is outside the project {project}, which is all that a container sees", file)


def _out_of_reach(what: str, place: Path) -> TrainingEnvironmentError:
    hints = ["Call prisml in the project's own folder, which a pyproject.toml with [tool.prisml] marks.", "Or train here: --backend local."]
    return TrainingEnvironmentError(f"{what}.", {"place": str(place)}, hints)
