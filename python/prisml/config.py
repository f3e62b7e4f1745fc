"""Where the database, the registry and the models are: arguments, the environment, or ``[tool.prisml]`` in pyproject.toml."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Literal, cast, get_args

from prisml.errors import ConfigurationError, described
from prisml.url import read_or_none

DEFAULT_REGISTRY = "sqlite:///.prisml/registry.db"

Backend = Literal["auto", "local", "docker"]

_TOML_PLACE = re.compile(r"\(at ([a-z0-9, ]+)\)$")
_KEYS = ("database", "registry", "models", "backend", "image")


@dataclass(frozen=True)
class Config:
    """The settings of a project: the database to read, the registry to write, the models to train.

    ``database`` and ``registry`` are SQLAlchemy URLs; they can hold passwords, so they are not in the ``repr``. ``models`` are modules or
    files, the files as absolute paths. ``root`` is the folder of the pyproject.toml that was read, or None. ``backend`` is where training
    runs, and ``image`` the container image for it (None: that of this release).
    """

    database: str | None = field(default=None, repr=False)
    registry: str = field(default=DEFAULT_REGISTRY, repr=False)
    models: tuple[str, ...] = ()
    root: Path | None = None
    backend: Backend = "auto"
    image: str | None = None

    @classmethod
    def read(
        cls,
        start: Path | str | None = None,
        *,
        database: str | None = None,
        registry: str | None = None,
        models: Sequence[str] | None = None,
        backend: Backend | None = None,
        image: str | None = None,
    ) -> Config:
        """The settings as they hold in the folder ``start`` (None: the current one).

        Each comes from the first that has it: the argument; ``DATABASE_URL``, ``PRISML_REGISTRY``, ``PRISML_BACKEND`` or
        ``PRISML_IMAGE`` in the environment; the nearest pyproject.toml upward with a ``[tool.prisml]`` table; the default. A SQLite
        file and a model's file that pyproject.toml names, and the default registry beside one, are relative to its folder. Raises
        ``ConfigurationError`` for a damaged file, an unknown key or a value of the wrong type.
        """
        root, table = _nearest_table(Path.cwd() if start is None else Path(start).resolve())
        stored = _Stored(root, table)
        return cls(
            database=database or os.environ.get("DATABASE_URL") or stored.url("database"),
            registry=registry or os.environ.get("PRISML_REGISTRY") or stored.url("registry") or _beside(root, DEFAULT_REGISTRY),
            models=stored.models() if not models else tuple(models),
            root=root,
            backend=_backend(backend or os.environ.get("PRISML_BACKEND") or stored.text("backend") or "auto"),
            image=image or os.environ.get("PRISML_IMAGE") or stored.text("image"),
        )


@dataclass(frozen=True)
class _Stored:
    """The table of a pyproject.toml, read key by key."""

    root: Path | None
    table: Mapping[str, object]

    def text(self, key: str) -> str | None:
        value = self.table.get(key)
        if value is None or isinstance(value, str):
            return value
        raise _wrong_type(key, value, f'Write {key} = "<{"URL" if key in ("database", "registry") else key}>".')

    def url(self, key: str) -> str | None:
        value = self.text(key)
        return None if value is None else _beside(self.root, value)

    def models(self) -> tuple[str, ...]:
        value = self.table.get("models", [])
        entries = [value] if isinstance(value, str) else value
        if not isinstance(entries, list) or not all(isinstance(entry, str) for entry in entries):
            raise _wrong_type("models", value, 'Write models = ["shop.ml.churn"], a list of modules or files.')
        return tuple(self._located(str(entry)) for entry in entries)

    def _located(self, entry: str) -> str:
        file, suffix, variable = entry.partition(".py:")
        is_file = bool(suffix) or entry.endswith(".py")
        if self.root is None or not is_file:
            return entry
        return f"{self.root / file}{suffix}{variable}" if suffix else str(self.root / entry)


def _nearest_table(start: Path) -> tuple[Path | None, Mapping[str, object]]:
    for folder in (start, *start.parents):
        file = folder / "pyproject.toml"
        if file.is_file():
            table = _table_of(file)
            if table is not None:
                return folder, table
    return None, {}


def _table_of(file: Path) -> Mapping[str, object] | None:
    try:
        tool = tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {})
    except UnicodeDecodeError:
        raise ConfigurationError(f"{file} is no valid TOML: it is not UTF-8.", {"file": str(file)}, ["Save it as UTF-8."]) from None
    except tomllib.TOMLDecodeError as error:
        # Not chained: the parser's message can quote the file, and a URL in it can hold a password.
        found = _TOML_PLACE.search(str(error))
        where = f", at {found[1]}" if found else ""
        raise ConfigurationError(f"{file} is no valid TOML{where}.", {"file": str(file)}, ["Correct the file there."]) from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ConfigurationError(f"{file} cannot be read ({reason}).", {"file": str(file)}, ["Make it readable, or remove it."]) from error
    table = tool.get("prisml") if isinstance(tool, Mapping) else None
    if table is None:
        return None
    if not isinstance(table, Mapping):
        raise ConfigurationError(f"tool.prisml in {file} is no table.", {"file": str(file)}, ["Write it as [tool.prisml]."])
    for key in table:
        if key not in _KEYS:
            near = get_close_matches(key, _KEYS, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"Known are: {', '.join(_KEYS)}."
            raise ConfigurationError(f"[tool.prisml] in {file} has an unknown key {key!r}.", {"file": str(file), "key": key}, [hint])
    return table


def _beside(root: Path | None, url: str) -> str:
    """A URL whose relative SQLite file is taken from ``root``; any other as it is."""
    parsed = read_or_none(url)
    if parsed is None:
        return url
    path = parsed.database
    if root is None or parsed.get_backend_name() != "sqlite" or not path or path.startswith((":", "file:")) or Path(path).is_absolute():
        return url
    return parsed.set(database=(root / path).as_posix()).render_as_string(hide_password=False)


def _backend(value: str) -> Backend:
    if value not in get_args(Backend):
        known = ", ".join(get_args(Backend))
        raise ConfigurationError("There is no such backend.", {"setting": "backend"}, [f"Known are: {known}."])
    return cast("Backend", value)


def _wrong_type(key: str, value: object, suggestion: str) -> ConfigurationError:
    return ConfigurationError(f"{key} in [tool.prisml] is {described(value)}.", {"key": key}, [suggestion])
