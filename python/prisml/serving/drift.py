"""Whether the code and mapping of this process are what a version was trained with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from prisml.definition.model import ModelDefinition
from prisml.errors import SchemaDriftError
from prisml.extraction.fingerprint import columns_fingerprint, fingerprints_of
from prisml.manifest import Input, Manifest


def check_drift(definition: ModelDefinition[Any], manifest: Manifest) -> None:
    """``SchemaDriftError`` that names what is not as in the trained version: the field, its features' columns or their resolvers."""
    if others := tuple(_other_field(definition, manifest)):
        raise _drift(manifest, f"It was trained with another {' and another '.join(others)}.", (), fields=others)
    if columns_fingerprint(definition) != manifest.fingerprints.columns:
        changed = tuple(_changed_inputs(definition.inputs, manifest.inputs))
        what = f"What {', '.join(map(repr, changed))} reads is not what" if changed else "The order of the features is not that"
        raise _drift(manifest, f"{what} it was trained on.", changed)
    stored, now = manifest.fingerprints, fingerprints_of(definition)
    for kind, theirs, mine in (("SQL", stored.expressions, now.expressions), ("code", stored.resolvers, now.resolvers)):
        changed = tuple(sorted(feature for feature in {*theirs, *mine} if theirs.get(feature) != mine.get(feature)))
        if changed:
            raise _drift(manifest, f"The {kind} of {', '.join(map(repr, changed))} is not what it was trained with.", changed)
    column = None if definition.as_of.column is None else definition.as_of.column.key
    if column != manifest.as_of_column:
        before, after = (f"each at its own {name!r}" if name else "all at one moment" for name in (manifest.as_of_column, column))
        raise _drift(manifest, f"Its rows were seen {before}, and now {after}.", ())


def _other_field(definition: ModelDefinition[Any], manifest: Manifest) -> Iterable[str]:
    """What says which field is predicted, where the two sides differ in it."""
    if definition.entity.__name__ != manifest.entity:
        yield "entity"
    if definition.output != manifest.output:
        yield "output"
    if definition.task != manifest.task:
        yield "task"
    elif definition.task == "binary" and manifest.classes[1:] != (definition.positive,):
        yield "positive class"


def _drift(manifest: Manifest, message: str, features: tuple[str, ...], fields: tuple[str, ...] = ()) -> SchemaDriftError:
    return SchemaDriftError(
        f"{manifest.name!r} cannot be served by this definition. {message}",
        {"model": manifest.name, "features": features, "fields": fields},
        ["Train and publish again with the definition as it is now, or run the code that the version was trained with."],
    )


def _changed_inputs(now: Iterable[Input], stored: Iterable[Input]) -> Iterable[str]:
    """The features that one side lacks, or that read another column in another way."""
    mine, theirs = ({item.name: _reads(item) for item in items} for items in (now, stored))
    return sorted(name for name in {*mine, *theirs} if mine.get(name) != theirs.get(name))


def _reads(item: Input) -> tuple[object, ...]:
    return item.kind, item.origin, item.dtype, item.sources, item.transform, item.zone
