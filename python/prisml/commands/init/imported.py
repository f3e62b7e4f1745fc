"""The mapped classes of modules that are named or agreed to: these are imported, and their mapping is configured."""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.automap import AutomapBase
from sqlalchemy.orm import Mapper, class_mapper

from prisml.commands.blame import Blame
from prisml.commands.init.find import Search, module_of
from prisml.commands.init.mapped import Entity, is_importable, read_entity
from prisml.commands.targets import on_path, split_target
from prisml.errors import DefinitionError

_ORIGINAL = "Original exception was: "
"""Behind it SQLAlchemy tells what one mapper could not do; before it, that one of them failed."""


@dataclass(frozen=True)
class Imported:
    """The entities that were found, in the order of their classes, and the modules that had to be imported besides."""

    entities: tuple[Entity, ...]
    besides: tuple[str, ...] = ()

    def entity(self, name: str | None) -> Entity:
        """The entity of that name, or the only one; ``DefinitionError`` where there is no such, or it cannot be told."""
        names = [each.name for each in self.entities]
        if name is None and len(names) == 1:
            return self.entities[0]
        found = [each for each in self.entities if each.name == name]
        if len(found) == 1:
            return found[0]
        message = (
            "Several classes are mapped."
            if name is None
            else f"{'Several mapped classes are' if found else 'No mapped class is'} called {name!r}."
        )
        modules = " or ".join(f"prisml init {each.cls.__module__}" for each in found)
        hint = f"Name the module of the one you mean: {modules}." if found else f"Name one: --entity {' or '.join(names)}."
        raise DefinitionError(message, {"entity": name or ""}, [hint])


def import_target(target: str, folder: Path, found: Search) -> Imported:
    """The entities of a module or file that the user named. Raises ``DefinitionError`` where it has none."""
    place, variable = split_target(target)
    file = Path(place)
    if place.endswith(".py") or file.is_file():
        if not file.is_file():
            raise DefinitionError(f"There is no file {place}.", {"target": place}, ["Paths are relative to the current directory."])
        _refuse_outside(file, folder)
        place = module_of(file.resolve(), folder)
    elif file.is_dir():
        place = _package_of(file, folder)
    imported = _import(place, folder)
    entities = _entities([imported], found, folder)
    if variable is not None and entities.entities:
        return Imported((_named(variable, entities, place=target.removesuffix(f":{variable}")),), entities.besides)
    if not entities.entities:
        hints = ["Name the module that holds the mapped classes."]
        if any(isinstance(value, type) and issubclass(value, AutomapBase) for value in vars(imported).values()):
            hints = ["Classes of automap have to be written before prepare(): class Customer(Base): __tablename__ = 'customers'."]
        raise DefinitionError(f"{target} has no class that SQLAlchemy maps.", {"target": target}, hints)
    return entities


def _named(variable: str, entities: Imported, *, place: str) -> Entity:
    """The entity that stands behind the colon of a target. Raises ``DefinitionError`` where there is no such."""
    for each in entities.entities:
        if each.name == variable:
            return each
    hint = f"Name one: {' or '.join(f'{place}:{each.name}' for each in entities.entities)}."
    raise DefinitionError(f"{place} has no mapped class {variable!r}.", {"target": place, "entity": variable}, [hint])


def _refuse_outside(target: Path, folder: Path) -> None:
    if not target.resolve().is_relative_to(folder):
        hint = "Run the command in the folder that the application starts in."
        raise DefinitionError(f"{target} is outside of the current folder.", {"target": str(target)}, [hint])


def _package_of(target: Path, folder: Path) -> str:
    """The package that a folder is. Raises ``DefinitionError`` where it is the current folder, which is none."""
    _refuse_outside(target, folder)
    place = target.resolve()
    if place in (folder, folder / "src"):
        hint = "Leave the target out: all Python files of the current folder are read. Or name the module that holds the mapped classes."
        raise DefinitionError(f"{target} is a folder, and no module.", {"target": str(target)}, [hint])
    return module_of(place / "__init__.py", folder)


def import_found(found: Search, folder: Path) -> Imported:
    """The entities of all that was found by reading."""
    modules = dict.fromkeys(each.module for each in found.classes)
    return _entities([_import(module, folder) for module in modules], found, folder)


def _entities(modules: Sequence[Any], found: Search, folder: Path) -> Imported:
    classes = list(dict.fromkeys(value for module in modules for value in _own(module)))
    besides = _configured(classes, found, folder)
    return Imported(tuple(map(read_entity, classes)), besides)


def _configured(classes: Sequence[type], found: Search, folder: Path) -> tuple[str, ...]:
    """Configure the mapping; what relationships name and nobody has imported yet is imported, and told."""
    try:
        _configure(classes)
    except SQLAlchemyError:
        missing = [each for each in dict.fromkeys(each.module for each in found.classes) if each not in sys.modules]
        for module in missing:
            _import(module, folder)
    else:
        return ()
    try:
        _configure(classes)
    except SQLAlchemyError as error:
        hints = ["Correct the name where it is misspelt; else name a module that imports all classes that are related to one another."]
        raise DefinitionError(f"SQLAlchemy cannot configure the mapping: {_first_sentence(error)}.", {}, hints) from error
    return tuple(missing)


def _configure(classes: Sequence[type]) -> None:
    for cls in classes:
        mapper: Mapper[Any] = class_mapper(cls, configure=False)
        mapper.registry.configure(cascade=True)


def _own(module: Any) -> Iterable[type]:
    """The mapped classes of the module itself, or else those that it gathers from others."""
    mapped = [value for value in vars(module).values() if isinstance(value, type) and hasattr(value, "__mapper__") and is_importable(value)]
    return [value for value in mapped if value.__module__ == module.__name__] or mapped


def _import(module: str, folder: Path) -> Any:
    for place in (folder, folder / "src"):
        if place.is_dir():
            on_path(place)
    with contextlib.redirect_stdout(sys.stderr), Blame(module):
        return importlib.import_module(module)


def _first_sentence(error: Exception) -> str:
    """What SQLAlchemy says, without the words that it has for every failure of the kind."""
    return str(error).partition("\n")[0].rpartition(_ORIGINAL)[2].partition(". ")[0][:300].rstrip(".")
