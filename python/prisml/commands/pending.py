"""The pending revisions of Alembic, which need not be installed."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy import Engine

from prisml.commands.migrations.result import Migrations, Watched
from prisml.commands.version import active_manifest
from prisml.definition.model import ModelDefinition
from prisml.errors import ConfigurationError
from prisml.extraction.database import reaching
from prisml.extraction.reads import reads_of
from prisml.progress import Progress, silent
from prisml.registry.registry import Registry


def check_pending(place: Path, *, database: Engine, watched: Sequence[Watched], progress: Progress = silent) -> Migrations:
    """What the revisions that the database lacks would break, by the Alembic project at ``place``.

    ``upgrade()`` of each is run; its operations are recorded, and nothing is executed. Raises ``ConfigurationError`` where Alembic is not
    installed, or the project cannot be used.
    """
    if find_spec("alembic") is None:
        raise ConfigurationError("Pending migrations need Alembic, which is not installed.", {}, ['pip install "prisml[alembic]"'])
    from prisml.commands.migrations.judge import judge

    with reaching(database.url), database.connect() as connection:
        return judge(place, connection, watched, progress=progress)


def watched_by(definition: ModelDefinition[object], registry: Registry) -> Watched:
    """What the active version reads; what the definition reads where none serves, or it keeps no account."""
    active = active_manifest(registry, definition.name)
    if active is None or active.manifest.reads is None:
        return Watched(definition.name, None, reads_of(definition))
    return Watched(definition.name, active.number, active.manifest.reads)
