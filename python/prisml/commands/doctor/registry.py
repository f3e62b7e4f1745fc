"""The registry: where it is, whether it can be read and written, and what becomes of its file."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import false, insert, select
from sqlalchemy.exc import DBAPIError

from prisml.commands.doctor.finding import Finding, ok, skipped, warning
from prisml.commands.init.project import REGISTRY
from prisml.commands.registry import status
from prisml.registry.refusals import translated
from prisml.registry.registry import Registry
from prisml.registry.tables import SCHEMA_VERSION, blobs, deployments, versions

ROOM_BYTES = 256 * 2**20
"""Below so many free bytes somebody should look."""

_PATIENCE_S = 10.0


def look_at_content(registry: Registry, begin: str) -> Iterator[Finding]:
    """Whether it is there and can be read, and what it holds; where nothing is, ``begin`` is the command that helps."""
    found = status(registry)
    if found.schema is None:
        detail = f"{registry.place}: nothing was published there yet; another place is named by --registry or PRISML_REGISTRY"
        yield warning("registry.reachable", "registry", detail, begin)
        return
    holds = f"models: {found.models:,}, versions: {found.versions:,}, bytes: {found.bytes:,}; prisml verify reads them all"
    yield ok("registry.reachable", "registry", f"{registry.place}: {holds}")
    if found.schema < SCHEMA_VERSION:
        detail = f"{found.schema}, made by an older release: it can be read, and not be written before it is brought up to {SCHEMA_VERSION}"
        yield warning("registry.schema", "schema", detail, "prisml registry upgrade")
    else:
        yield ok("registry.schema", "schema", f"{found.schema}, that of this release")
        yield _writable(registry)


def _writable(registry: Registry) -> Finding:
    file = file_of(registry)
    if file is not None:
        return _told(None if _is_open(file) and _is_open(file.parent) else "its file or folder is read-only here")
    engine = registry.database.engine
    with translated(registry.place, engine), engine.connect() as connection:
        try:
            for table in (blobs, versions, deployments):
                # Asks for the right, and writes nothing.
                connection.execute(insert(table).from_select([each.name for each in table.c], select(*table.c).where(false())))
        except DBAPIError as error:
            return _told(f"its user may not write there ({type(error.orig).__name__})")
        finally:
            connection.rollback()
    return _told(None)


def _told(obstacle: str | None) -> Finding:
    if obstacle is None:
        return ok("registry.writable", "writing", "versions can be published from here")
    remedy = "Train and publish from where it can be written; or give this user the right to."
    return warning("registry.writable", "writing", f"{obstacle}: enough to serve, and not to publish", remedy)


def _is_open(place: Path) -> bool:
    """Whether this process may write there."""
    return os.access(place, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


def look_at_file(registry: Registry) -> Iterator[Finding]:
    """What concerns a registry that is a file: the room it has, and git."""
    file = file_of(registry)
    if file is None or not file.is_file():
        reason = "its registry is no file" if file is None else "there is no file yet"
        yield skipped("registry.ignored", "git", reason)
        yield skipped("registry.room", "room", reason)
        return
    yield _ignored(file)
    free = shutil.disk_usage(file.parent).free
    if free < ROOM_BYTES:
        yield warning("registry.room", "room", f"{free:,} bytes are free on the disk of {file.parent}", "Make room: prisml prune NAME")
    else:
        yield ok("registry.room", "room", f"{free:,} bytes are free on its disk")


def file_of(registry: Registry) -> Path | None:
    """The file that a registry in SQLite is; None for any other."""
    url = registry.database.engine.url
    name = url.database
    if url.get_backend_name() != "sqlite" or not name or name == ":memory:" or name.startswith("file:"):
        return None
    return Path(name)


def _ignored(file: Path) -> Finding:
    if (git := shutil.which("git")) is None:
        return skipped("registry.ignored", "git", "is not on PATH")
    try:
        # The program is the one found on PATH.
        told = subprocess.run(  # noqa: S603
            [git, "check-ignore", "--quiet", file.name], cwd=file.parent, capture_output=True, check=False, timeout=_PATIENCE_S
        )
    except (OSError, subprocess.TimeoutExpired):
        return skipped("registry.ignored", "git", "does not answer")
    if told.returncode == 0:
        return ok("registry.ignored", "git", "ignores the registry")
    if told.returncode != 1:
        return skipped("registry.ignored", "git", "the registry lies in no repository")
    detail = "the registry lies in a repository that does not ignore it: a commit would take it along"
    # A folder of its own goes whole; beside a file in another one lie, while it is written, two more whose names begin with its own.
    pattern = f"{file.parent.name}/" if f"{file.parent.name}/" == REGISTRY else f"{file.name}*"
    return warning("registry.ignored", "git", detail, f"echo '{pattern}' >> .gitignore")
