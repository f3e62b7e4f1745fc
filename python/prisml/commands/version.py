"""Whether definition, mapping and database are what the active version was trained on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Table
from sqlalchemy.orm import class_mapper

from prisml.commands.activate import active_or_none
from prisml.commands.finding import Finding
from prisml.commands.schema import place_of, renamed
from prisml.definition.model import ModelDefinition
from prisml.errors import SchemaDriftError
from prisml.extraction.changes import Change, changes
from prisml.extraction.reads import describe
from prisml.extraction.reflected import Reflected, Schema, Stored
from prisml.manifest import Manifest, Read, read_manifest
from prisml.registry.registry import Registry
from prisml.serving.drift import check_definition

RETRAIN = "Train again on what is there now: prisml check --retrain. Or migrate back, or activate a version that fits."


@dataclass(frozen=True)
class Active:
    """The version that serves, and what it keeps of itself."""

    number: int
    manifest: Manifest


def active_manifest(registry: Registry, name: str) -> Active | None:
    """The version that serves; None where none does."""
    version = active_or_none(registry, name)
    return None if version is None else Active(version.number, read_manifest(registry.manifest_text(version)))


def check_version(
    definition: ModelDefinition[Any], reads: Sequence[Read], active: Active, schema: Schema, known: Sequence[Finding]
) -> Iterator[Finding]:
    """A finding of the version, and one for each thing that it was not trained on; what is ``known`` to be wrong is not told twice."""
    found = list(_definition(definition, active.manifest))
    fits = not found
    wrong = {finding.subject for finding in known if not finding.passed}
    for read in active.manifest.reads or ():
        found += _column(read, active.number, _Sides(definition, schema, reads, wrong, fits))
    missing = any(finding.features for finding in known if not finding.passed)
    subject = f"version {active.number}"
    if found or missing:
        yield Finding(subject, False, "was trained on what is no longer so", RETRAIN, drifted=True)
    elif active.manifest.reads is None:
        yield Finding(subject, True, "fits the definition, and keeps no account of the columns it was trained on")
    else:
        yield Finding(subject, True, f"was trained on the {len(active.manifest.reads)} columns of its features as they are")
    yield from found


@dataclass(frozen=True)
class _Sides:
    """What a column of the version is compared with: the mapping, and the database."""

    definition: ModelDefinition[Any]
    schema: Schema
    reads: Sequence[Read]
    wrong: set[str]
    fits: bool

    def is_read(self, read: Read) -> bool:
        """Whether the definition still reads it, so that the check of the schema looked for it."""
        return any((each.table, each.column) == (read.table, read.column) for each in self.reads)

    def table(self, fullname: str) -> Table | None:
        """The mapped table of that name."""
        mapper = class_mapper(self.definition.entity)
        known = [each.metadata.tables for each in mapper.tables if isinstance(each, Table)]
        return next((tables[fullname] for tables in known if fullname in tables), None)


def _definition(definition: ModelDefinition[Any], manifest: Manifest) -> Iterator[Finding]:
    try:
        check_definition(definition, manifest)
    except SchemaDriftError as error:
        features = error.context.get("features")
        detail = error.message.partition(". ")[2].removesuffix(".")
        names = tuple(map(str, features)) if isinstance(features, tuple) else ()
        yield Finding("definition", False, f"does not fit the version: {detail}", " ".join(error.suggestions), names, drifted=True)


def _column(read: Read, number: int, sides: _Sides) -> Iterator[Finding]:
    """What of the column is not as the version was trained on."""
    table = sides.table(read.table)
    mapped = None if table is None else next((each for each in table.columns if each.name == read.column), None)
    stored = sides.schema.column(read)
    # Where the definition still reads it, the check of the schema has said so.
    if stored is None and not sides.is_read(read):
        yield _gone(read, "is not in the database any more", number, sides.schema.table(read.table))
    if table is None:
        yield _gone(read, "belongs to a table that is not mapped any more", number)
    elif mapped is None:
        there = Reflected({each.name: Stored(describe(each), each.type) for each in table.columns}, "postgresql")
        yield _gone(read, "is not mapped any more", number, there)
    elif not sides.is_read(read):
        if sides.fits:
            yield _gone(read, "is not read by the definition any more", number)
        mapped = None
    for detail in _differences(read, mapped, stored, sides):
        yield _finding(read, f"{detail} when version {number} was trained")


def _differences(read: Read, mapped: Column[Any] | None, stored: Stored | None, sides: _Sides) -> Iterator[str]:
    """What is another than it was in mapping or database, once where it is the same in both."""
    found: dict[Change, list[str]] = {}
    for change in () if mapped is None else changes(read, describe(mapped)):
        found.setdefault(change, []).append("the mapping")
    for change in () if stored is None else changes(read, stored.read, dialect=sides.schema.dialect):
        is_told = change.aspect == "type" and place_of(read) in sides.wrong
        if change.aspect not in read.unlike and not is_told:
            found.setdefault(change, []).append("the database")
    for change, places in found.items():
        yield change.said(" and in ".join(places))


def _gone(read: Read, what: str, number: int, there: Reflected | None = None) -> Finding:
    return _finding(read, f"{what}, and version {number} reads it", None if there is None else renamed(read, there, ()))


def _finding(read: Read, detail: str, hint: str | None = None) -> Finding:
    return Finding(place_of(read), False, detail, hint, read.features, drifted=True)
