"""Models on their way out of a registry, and into one."""

from __future__ import annotations

from pathlib import Path

from prisml.commands.report import require_room, write_beside
from prisml.registry.registry import Registry
from prisml.registry.transfer import Exported, Imported
from prisml.registry.transfer import export as export_models
from prisml.registry.transfer import import_ as import_models


def export_version(registry: Registry, to: Path, name: str, which: int | str | None = None) -> Exported:
    """A bundle in the folder ``to``, with its report and model card: of the version of that number or label, or of the one that serves."""
    version = registry.active(name) if which is None else registry.version(name, which)
    require_room(to)
    done = export_models(registry, to, name=name, which=version.number)
    write_beside(registry, done.place, name, version.number)
    return done


def export_all(registry: Registry, to: Path, name: str | None = None) -> Exported:
    """An archive at ``to``, a folder or a file that ends in ``.prisml``: of the whole model, or of every model."""
    return export_models(registry, to, name=name)


def bring_in(
    registry: Registry, source: Path, *, name: str | None = None, activate: bool = False, why: str | None = None
) -> tuple[Imported, ...]:
    """The versions of a bundle or an archive, as they are here now; everything is verified before anything is written."""
    return import_models(registry, source, name=name, activate=activate, why=why)
