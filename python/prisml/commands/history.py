"""What served when."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from prisml.commands.page import history_page
from prisml.errors import ConfigurationError
from prisml.registry.log import Deployment
from prisml.registry.registry import Registry


def history(registry: Registry, name: str, *, as_of: datetime | None = None) -> tuple[Deployment, ...]:
    """The log of the model, newest first; with ``as_of``, as it was at that moment, its first entry being what served then."""
    return registry.history(name, as_of=as_of)


def write_page(registry: Registry, name: str, file: Path) -> Path:
    """The file, with the history of the model as a page of HTML; ``ConfigurationError`` where it cannot be written."""
    page = history_page(registry, name)
    try:
        file.write_text(page, encoding="utf-8")
    except OSError as error:
        kind = type(error).__name__
        raise ConfigurationError(
            f"{file} cannot be written: {kind}.", {"file": str(file)}, ["Name a file that you may write, in a folder that is there."]
        ) from None
    return file
