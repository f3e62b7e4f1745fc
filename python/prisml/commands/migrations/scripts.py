"""The revisions of an Alembic project, and those that a database still lacks. Its ``env.py`` is read, and not run."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from alembic.script.revision import RevisionError
from alembic.util import CommandError
from sqlalchemy import Connection

from prisml.errors import ConfigurationError

_OPTIONS = ("version_table", "version_table_schema")


@dataclass(frozen=True)
class Pending:
    """The revisions that a database is at, and those that it lacks, in the order of application."""

    current: tuple[str, ...]
    scripts: tuple[Script, ...]


def pending_scripts(place: Path, connection: Connection) -> Pending:
    """What ``alembic upgrade heads`` would apply, by the project at ``place``.

    That is an ini file, a pyproject.toml, or a folder that holds one of them, or env.py. Raises ``ConfigurationError`` where there is
    none, where its revisions cannot be read, or do not know what the database is at.
    """
    config = _config(place)
    try:
        directory = ScriptDirectory.from_config(config)
        context = MigrationContext.configure(connection, opts=dict(_version_table(Path(directory.dir) / "env.py")))
        current = context.get_current_heads()
        revisions = directory.iterate_revisions("heads", current, implicit_base=True)
        return Pending(tuple(current), tuple(reversed(list(revisions))))
    except (CommandError, RevisionError) as error:
        raise _unusable(place, str(error)) from None
    except Exception as error:
        # A revision's file is Python, and may raise whatever it likes; its words may quote data.
        kept = str(error) if isinstance(error, (ImportError, NameError, AttributeError)) else ""
        raise _unusable(place, f"{type(error).__name__}{kept and f': {kept}'}") from error


def _config(place: Path) -> Config:
    if place.is_dir():
        inner = next((place / name for name in ("alembic.ini", "pyproject.toml") if (place / name).is_file()), None)
        if inner is None or (place / "env.py").is_file():
            config = Config()
            # A percent sign is the ini's own.
            config.set_main_option("script_location", str(place.resolve()).replace("%", "%%"))
            return config
        place = inner
    if not place.is_file():
        raise ConfigurationError(
            f"There is no Alembic project at {place}.",
            {"place": str(place)},
            ["Name its alembic.ini or the folder of its scripts: --alembic=PATH. Without a path, alembic.ini is taken."],
        )
    return Config(toml_file=place) if place.suffix == ".toml" else Config(place)


def _version_table(env: Path) -> Mapping[str, Any]:
    """Where env.py says that the database's revision is kept, as far as it says so in plain text."""
    found: dict[str, Any] = {}
    with suppress(OSError, SyntaxError, ValueError):
        for node in ast.walk(ast.parse(env.read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword) and node.arg in _OPTIONS and isinstance(node.value, ast.Constant):
                found[node.arg] = node.value.value
    return found


def _unusable(place: Path, why: str) -> ConfigurationError:
    return ConfigurationError(
        f"The Alembic project at {place} cannot be used: {why.rstrip('.')}.",
        {"place": str(place)},
        ["`alembic history` and `alembic current` should run there, on this database."],
    )
