"""What a command works with, from its options, the environment and pyproject.toml, in this order."""

from __future__ import annotations

from prisml.config import Backend, Config
from prisml.registry.registry import Registry


def read_config(
    *, database: str | None = None, registry: str | None = None, backend: Backend | None = None, image: str | None = None
) -> Config:
    """The configuration; an option that was not given leaves the word to the environment and pyproject.toml."""
    return Config.read(database=database, registry=registry, backend=backend, image=image)


def open_registry(url: str | None) -> Registry:
    """The registry that the option, or else the configuration, names."""
    return Registry(read_config(registry=url).registry)
