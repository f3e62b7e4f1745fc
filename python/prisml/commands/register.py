"""Publishing a graph that was trained elsewhere."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from prisml.commands.remarks import Remarks
from prisml.commands.targets import Definition, find_definition, find_definitions
from prisml.config import Config
from prisml.errors import ConfigurationError
from prisml.manifest import ClassLabel
from prisml.registry.registry import Registry, Version
from prisml.serving.foreign import TOLERANCE, Categories
from prisml.serving.foreign import register as register_graph
from prisml.serving.golden import read_golden


@dataclass(frozen=True)
class Registered:
    """The version, and why it was not activated though that was asked for; None where it was."""

    version: Version
    held: str | None


@dataclass(frozen=True)
class Foreign:
    """What came with the graph: the file itself, golden rows, the codes of categories and the order of classes."""

    onnx: Path
    golden: Path
    categories: Path | None = None
    classes: Sequence[ClassLabel] | None = None
    tolerance: float = TOLERANCE


def definition_of(word: str, config: Config) -> Definition:
    """The definition that the word names: a module, a file, or the name of one that pyproject.toml lists."""
    if config.models and word.isidentifier():
        for definition in find_definitions(config.models, root=config.root).definitions:
            if definition.name == word:
                return definition
    return find_definition(word)


def register(
    registry: Registry, definition: Definition, foreign: Foreign, *, activate: bool, remarks: Remarks, why: str | None = None
) -> Registered:
    """The version that was published; ``ParityError`` where the graph does not give what the golden rows expect."""
    version = register_graph(
        registry,
        definition,
        _read(foreign.onnx),
        read_golden(_text(foreign.golden)),
        categories=None if foreign.categories is None else _categories(foreign.categories),
        classes=foreign.classes,
        tolerance=foreign.tolerance,
        activate=activate,
        why=why,
        label=remarks.label,
        note=remarks.note,
        commit=remarks.commit,
    )
    return Registered(version, registry.held(version.name) if activate and not version.active else None)


def _categories(file: Path) -> Mapping[str, Sequence[str | int] | Categories]:
    """``{"country": ["US", "DE"], "city": {"values": ["Bonn"], "missing": 1, "other": 2}}``, in the order of the codes."""
    try:
        read = json.loads(_text(file))
        return {name: Categories(**given) if isinstance(given, dict) else Categories(tuple(given)) for name, given in read.items()}
    except (ValueError, TypeError, AttributeError):
        hint = 'Write one JSON object, as in {"country": ["US", "DE"]}, each feature\'s categories in the order of their codes.'
        raise ConfigurationError(f"{file} holds no categories.", {"file": str(file)}, [hint]) from None


def _text(file: Path) -> str:
    try:
        return _read(file).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigurationError(f"{file} is not UTF-8.", {"file": str(file)}, ["Write it as UTF-8."]) from None


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        kind = type(error).__name__
        raise ConfigurationError(f"{file} cannot be read: {kind}.", {"file": str(file)}, ["Name a file that you may read."]) from None
