"""From a name, a folder or a definition to an engine."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from sqlalchemy import URL
from sqlalchemy import Engine as DatabaseEngine

from prisml.config import Config
from prisml.definition.model import ModelDefinition, set_opener
from prisml.errors import ConfigurationError, described
from prisml.registry.bundle import is_bundle, read_bundle
from prisml.registry.registry import Registry
from prisml.serving.drift import OnDrift, checked_on_drift
from prisml.serving.engine import Engine
from prisml.serving.settings import Settings

Place = Registry | str | URL | DatabaseEngine


REFRESH_SECONDS = 2.0


def load(
    name_or_folder: str | os.PathLike[str],
    *,
    registry: Place | None = None,
    version: int | str | None = None,
    refresh: float | None = REFRESH_SECONDS,
    preload: bool = False,
) -> Engine:
    """An engine for a model of the registry, by name, or for the bundle in a folder.

    ``registry`` is a ``Registry``, a URL or a SQLAlchemy ``Engine``; without it, what ``PRISML_REGISTRY`` or ``[tool.prisml]`` says.
    Where neither it nor ``version`` is given, a folder that holds a manifest is taken for a bundle. Without ``version``, a number or a
    label, the engine serves what the registry says, experiments included, and looks for changes each ``refresh`` seconds; None: only at
    ``engine.refresh()``. A version that is named, and a bundle, are served whatever happens in any registry.
    Resolvers need the definition: use ``definition.load()`` there, which also looks whether mapping and code are what the version was
    trained with; an engine by name knows neither, and reads what rows have under the names of the manifest.
    With ``preload``, what the first prediction would make is made now,
    and for a version that is activated later before it takes over.
    """
    _check_refresh(refresh)
    if not isinstance(name_or_folder, str | os.PathLike):
        raise ConfigurationError(
            f"load was given {described(name_or_folder)}.",
            {"type": type(name_or_folder).__name__},
            ['Give the name of a model, as in prisml.load("churn"), or the folder of a bundle; a definition has a load() of its own.'],
        )
    is_path = isinstance(name_or_folder, os.PathLike)
    named = registry is not None or version is not None
    if is_path and named:
        raise ConfigurationError(
            f"{os.fspath(name_or_folder)} is a folder; a bundle has neither registry nor version.",
            {},
            ["Leave out registry= and version=, or give the model's name."],
        )
    if is_path or (not named and (is_bundle(name_or_folder) or _looks_like_folder(str(name_or_folder)))):
        settings = Settings.read()
        engine = Engine.from_artifact(read_bundle(Path(name_or_folder), most=settings.model_bytes, with_report=False), settings=settings)
    else:
        engine = _from_registry(str(name_or_folder), registry, version, None, refresh)
    return engine.preload() if preload else engine


def open_definition(
    definition: ModelDefinition[Any],
    *,
    registry: Place | None = None,
    version: int | str | None = None,
    refresh: float | None = REFRESH_SECONDS,
    preload: bool = False,
    on_drift: OnDrift = "warn",
) -> Engine:
    """An engine that runs the definition's resolvers; ``SchemaDriftError`` where they are not those of the version.

    ``on_drift`` is for a mapping that says something else of the same columns: a ``PrisMLWarning``, or that error too.
    """
    _check_refresh(refresh)
    engine = _from_registry(definition.name, registry, version, definition, refresh, checked_on_drift(on_drift))
    return engine.preload() if preload else engine


def _from_registry(
    name: str,
    place: Place | None,
    version: int | str | None,
    definition: ModelDefinition[Any] | None,
    refresh: float | None,
    on_drift: OnDrift = "warn",
) -> Engine:
    registry = open_registry(place)
    if version is None:
        return Engine.following(registry, name, definition=definition, refresh=refresh, on_drift=on_drift)
    return Engine.from_registry(registry, registry.version(name, version), definition=definition, on_drift=on_drift)


def _check_refresh(refresh: object) -> None:
    if refresh is None or (isinstance(refresh, int | float) and not isinstance(refresh, bool) and 0.01 <= refresh <= 86_400):
        return
    raise ConfigurationError(
        "refresh is no number of seconds from 0.01 to 86,400.",
        {"type": type(refresh).__name__},
        ["Leave it out, or give None to follow nothing."],
    )


def open_registry(place: Place | None = None) -> Registry:
    """The registry at ``place``; without it, the configured one."""
    if isinstance(place, Registry):
        return place
    return Registry(Config.read().registry if place is None else place)


def _looks_like_folder(name: str) -> bool:
    return os.sep in name or (os.altsep is not None and os.altsep in name)


set_opener(open_definition)
