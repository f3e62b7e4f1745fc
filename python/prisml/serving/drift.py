"""Whether the code and mapping of this process are what a version was trained with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from prisml.definition.model import ModelDefinition
from prisml.errors import ConfigurationError, SchemaDriftError, quoted
from prisml.extraction.changes import changes
from prisml.extraction.fingerprint import columns_fingerprint, fingerprints_of
from prisml.extraction.reads import reads_of
from prisml.manifest import Input, Manifest

OnDrift = Literal["error", "warn"]
"""What becomes of a mapping whose columns are mapped otherwise than a version was trained on, though nothing keeps it from being served."""


def checked_on_drift(given: object) -> OnDrift:
    """``given``, where it is one of the two words; else ``ConfigurationError``."""
    if isinstance(given, str) and given == "error":
        return "error"
    if isinstance(given, str) and given == "warn":
        return "warn"
    raise ConfigurationError(f"on_drift is {quoted(given)}, and neither 'warn' nor 'error'.", {}, ['Give "warn" or "error".'])


def check_drift(definition: ModelDefinition[Any], manifest: Manifest, on_drift: OnDrift = "warn") -> str | None:
    """What is mapped otherwise than the version was trained on, as a sentence to warn with; None where nothing is.

    ``SchemaDriftError`` where the definition cannot serve the version, and, with ``"error"``, in place of that sentence.
    """
    check_definition(definition, manifest)
    differences = tuple(_otherwise(definition, manifest))
    if not differences:
        return None
    features = tuple(sorted({feature for each in differences for feature in each[1]}))
    told = "; ".join(f"{place} {what}" for place, _, what in differences)
    if on_drift == "error":
        raise SchemaDriftError(
            f"{manifest.name!r} was trained with another mapping: {told}.",
            {"model": manifest.name, "features": features, "fields": ()},
            ["Train again: prisml check --retrain.", 'Or serve it all the same: definition.load(on_drift="warn").'],
        )
    names = ", ".join(map(repr, features))
    return f"Model {manifest.name!r} was trained with another mapping: {told}. It serves; train again, for the sake of {names}."


def check_definition(definition: ModelDefinition[Any], manifest: Manifest) -> None:
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


def _otherwise(definition: ModelDefinition[Any], manifest: Manifest) -> Iterable[tuple[str, tuple[str, ...], str]]:
    """Each column that is mapped otherwise, or reached by other columns: its place, the features that read it, and what differs."""
    if manifest.reads is None:
        return
    mapped = {(read.table, read.column): read for read in reads_of(definition)}
    for read in manifest.reads:
        place = f"{read.table}.{read.column}"
        now = mapped.get((read.table, read.column))
        if now is None:
            yield place, read.features, "is not read any more"
            continue
        for change in changes(read, now):
            yield place, read.features, f"{change.now}, and {change.was}"


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
