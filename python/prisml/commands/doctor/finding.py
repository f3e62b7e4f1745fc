"""What the doctor looks at, what it found, and a look that nothing it meets can break off."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from prisml.errors import PrisMLError

Status = Literal["ok", "warning", "wrong", "skipped"]

CHECKS: Mapping[str, str] = {
    "installation.python": "the interpreter and the platform",
    "installation.release": "which release is installed, and how",
    "installation.core": "the compiled core is there and belongs to the Python side",
    "machine.processor": "which vector instructions the native scorer may use",
    "machine.cores": "how many cores this process may use, and whether numerical libraries know",
    "machine.fork": "whether servers may fork this process",
    "runtime.library": "where ONNX Runtime's library is, and who said so",
    "runtime.version": "its version is one that works",
    "runtime.loads": "a process of its own loads it and ends well",
    "training.stack": "what training needs, in versions that work",
    "training.backend": "where `prisml train` would train",
    "training.extras": "which optional libraries are there",
    "configuration.file": "`[tool.prisml]`: found where, readable, no unknown key",
    "configuration.environment": "the variables that are set, none of them misspelt",
    "configuration.settings": "their values can be meant",
    "definitions.import": "each target is imported and its definitions are valid",
    "database.reachable": "the database answers: server, version and driver",
    "database.snapshot": "one consistent view of it can be had",
    "database.zone": "the time zone of its sessions",
    "database.rights": "the columns that each definition reads may be read",
    "registry.reachable": "where the registry is, and whether it can be read",
    "registry.schema": "its schema is this release's",
    "registry.writable": "whether versions can be published from here",
    "registry.ignored": "git ignores a registry that lies in a repository",
    "registry.room": "the disk of its file has room",
    "model.schema": "tables, columns, labels and resolvers of a definition fit the database",
    "model.version": "the version that serves was trained on what there is now",
    "model.answers": "the version that serves answers its golden rows here as it was recorded",
}
"""Each check by its id, which is stable, with what it looks at; what stands before the dot is its subject."""


@dataclass(frozen=True)
class Finding:
    """What one check found: of what it is, how that is, what was seen, and the command or sentence that mends it.

    ``id`` is one of ``CHECKS``. A check of several things, as of several models, has a finding for each.
    """

    id: str
    subject: str
    status: Status
    detail: str
    remedy: str | None = None


def ok(identity: str, subject: str, detail: str) -> Finding:
    """All is well."""
    return Finding(identity, subject, "ok", detail)


def warning(identity: str, subject: str, detail: str, remedy: str | None = None) -> Finding:
    """It works, and somebody should look at it."""
    return Finding(identity, subject, "warning", detail, remedy)


def wrong(identity: str, subject: str, detail: str, remedy: str | None = None) -> Finding:
    """It does not work."""
    return Finding(identity, subject, "wrong", detail, remedy)


def skipped(identity: str, subject: str, because: str, remedy: str | None = None) -> Finding:
    """It was not looked at, and why."""
    return Finding(identity, subject, "skipped", because, remedy)


def failed(identity: str, subject: str, error: PrisMLError) -> Finding:
    """What an error of ours says, as a finding."""
    return wrong(identity, subject, error.message, " ".join(error.suggestions) or None)


def isolated(identity: str, subject: str, look: Callable[[], Iterable[Finding]]) -> tuple[Finding, ...]:
    """What ``look`` finds; whatever it raises is one finding more, under the name that is given, and ends this look alone."""
    found: list[Finding] = []
    try:
        found.extend(look())
    except PrisMLError as error:
        found.append(failed(identity, subject, error))
    except (Exception, SystemExit) as error:  # noqa: BLE001 -- What is examined may be broken in any way; that is what is to be told.
        # Its words may quote data.
        frame = traceback.extract_tb(error.__traceback__)[-1]
        detail = f"could not be looked at: {type(error).__name__} at {Path(frame.filename).name}, line {frame.lineno}"
        found.append(wrong(identity, subject, detail, "Report it: a bug in PrisML, or in what it called."))
    return tuple(found)
