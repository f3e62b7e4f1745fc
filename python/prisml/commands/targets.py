"""The definitions that the targets of a command line name: a module, a file, or either with ``:variable``."""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import importlib.util
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from prisml.commands.blame import Blame
from prisml.definition.model import ModelDefinition
from prisml.errors import ConfigurationError, DefinitionError, PrisMLError, described

Definition = ModelDefinition[Any]


@dataclass(frozen=True)
class Found:
    """Every definition that could be had, and for every target that gave none, why."""

    definitions: tuple[Definition, ...]
    failures: tuple[tuple[str, PrisMLError], ...]


def find_definitions(targets: Sequence[str], *, root: Path | None = None) -> Found:
    """The definitions of all ``targets``, each once, in order; a target that fails does not hide the others.

    Modules are found from the current folder, and from the project's ``root`` too.
    """
    if root is not None:
        on_path(root)
    if not targets:
        raise ConfigurationError(
            "No model is named.",
            {},
            ["Name a module or a file (prisml train shop/ml/churn.py), or list them in pyproject.toml: [tool.prisml] models = [...]."],
        )
    definitions: dict[int, Definition] = {}
    failures: list[tuple[str, PrisMLError]] = []
    for target in targets:
        try:
            definitions.update((id(definition), definition) for definition in definitions_of(target))
        except PrisMLError as error:
            failures.append((target, error))
    unique, doubles = _by_name(definitions.values())
    return Found(unique, (*failures, *doubles))


def find_definition(target: str) -> Definition:
    """The one definition that ``target`` names; ``DefinitionError`` where it names several."""
    definitions = definitions_of(target)
    if len(definitions) > 1:
        names = ", ".join(definition.name for definition in definitions)
        raise DefinitionError(
            f"{target} holds several models: {names}.", {"target": target}, [f"Name one by its variable: {target}:<variable>."]
        )
    return definitions[0]


def definitions_of(target: str) -> tuple[Definition, ...]:
    """The definitions in one module or file, or the one bound to the variable behind the colon.

    What a module merely imports is not its own, and counts only where it has nothing of its own.
    """
    place, variable = split_target(target)
    module = _import(place)
    if variable is not None:
        return (_variable(module, place, variable),)
    variables = vars(module)
    found = {id(value): value for value in variables.values() if isinstance(value, ModelDefinition)}
    own = {key: value for key, value in found.items() if value.module is variables}
    if not found:
        raise DefinitionError(f"{place} defines no model.", {"target": place}, ["Bind define_model(...) to a variable of that module."])
    return tuple((own or found).values())


def split_target(target: str) -> tuple[str, str | None]:
    """The module or file, and the variable behind the last colon; a drive letter's colon is part of the file."""
    place, colon, variable = target.rpartition(":")
    if colon and place and variable.isidentifier():
        return place, variable
    return target, None


def _by_name(definitions: Any) -> tuple[tuple[Definition, ...], list[tuple[str, PrisMLError]]]:
    """Split off the definitions whose name cannot be told, or is that of another one: which of the two is meant, nobody knows."""
    named: dict[str, list[Definition]] = {}
    failures: list[tuple[str, PrisMLError]] = []
    for definition in definitions:
        try:
            name = definition.name
        except PrisMLError as error:
            failures.append((definition.output, error))
        else:
            named.setdefault(name, []).append(definition)
    for name, several in named.items():
        if len(several) > 1:
            message = f"{len(several)} definitions are called {name!r}; they would publish versions of one model."
            failures.append((name, DefinitionError(message, {"model": name}, ["Name one of them, or give the others another name=."])))
    return tuple(several[0] for several in named.values() if len(several) == 1), failures


def _variable(module: ModuleType, place: str, variable: str) -> Definition:
    value = getattr(module, variable, None)
    if isinstance(value, ModelDefinition):
        return value
    held = [name for name, other in vars(module).items() if isinstance(other, ModelDefinition)]
    reason = f"is {described(value)}, not a model" if hasattr(module, variable) else "does not exist"
    hint = f"{place} defines: {', '.join(held)}." if held else f"{place} defines no model."
    raise DefinitionError(f"{place}:{variable} {reason}.", {"target": place, "variable": variable}, [hint])


def _import(place: str) -> ModuleType:
    with _output_to_stderr():
        on_path(Path.cwd())
        if place.endswith(".py") or Path(place).is_file():
            return _import_file(place)
        with Blame(place):
            return importlib.import_module(place)


def _import_file(place: str) -> ModuleType:
    path = Path(place).resolve()
    if not path.is_file():
        raise DefinitionError(f"There is no file {place}.", {"target": place}, ["Paths are relative to the current directory."])
    for module in list(sys.modules.values()):
        if (file := getattr(module, "__file__", None)) and _same(file, path):
            return module
    root, parts = path.parent, [path.stem]
    while (root / "__init__.py").is_file():
        parts.insert(0, root.name)
        root = root.parent
    on_path(root)
    with Blame(place):
        return importlib.import_module(".".join(parts)) if len(parts) > 1 else _import_script(path)


def _import_script(path: Path) -> ModuleType:
    """The file as a module of its own name, so that its neighbours can import it; another name where that one is taken."""
    name = path.stem
    if name in sys.modules or name in sys.stdlib_module_names:
        name = f"{name}_{hashlib.sha256(str(path).encode()).hexdigest()[:8]}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise DefinitionError(f"{path.name} is not a Python file.", {"target": str(path)}, ["Name a file that ends in .py."])
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _same(file: str, path: Path) -> bool:
    return file.endswith(path.name) and Path(file).resolve() == path


def on_path(folder: Path) -> None:
    """Before the installed packages, and after the standard library: a file called random.py must not become everybody's random."""
    if str(folder) not in sys.path:
        installed = (place for place, path in enumerate(sys.path) if path.endswith(("site-packages", "dist-packages")))
        sys.path.insert(next(installed, len(sys.path)), str(folder))


@contextlib.contextmanager
def _output_to_stderr() -> Iterator[None]:
    """What a module prints while it is imported must not get between the lines of a JSON answer."""
    with contextlib.redirect_stdout(sys.stderr):
        yield
