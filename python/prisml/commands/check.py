"""The check: does the definition fit the database, and are both what the active version was trained on?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine

from prisml.commands.chosen import check_choice
from prisml.commands.finding import Finding
from prisml.commands.leaks import check_leaks
from prisml.commands.schema import check_schema
from prisml.commands.version import active_manifest, check_version
from prisml.definition.features import Resolver
from prisml.definition.model import ModelDefinition
from prisml.definition.moment import moment_of
from prisml.errors import FeatureExtractionError
from prisml.extraction.database import reaching, refuse_asynchronous
from prisml.extraction.reading import Page, pages
from prisml.extraction.reads import reads_of, statement_of
from prisml.extraction.reflected import Schema
from prisml.extraction.related import RelatedRows
from prisml.extraction.resolvers import ResolverRow, resolve_all, resolver_rows
from prisml.extraction.statement import Statement
from prisml.progress import Progress, silent
from prisml.registry.registry import Registry

SAMPLE = 100
"""How many rows are read to see that they can be."""


@dataclass(frozen=True)
class Checked:
    """What was found of one definition; it passed where every finding did.

    ``version`` is the active one that it was compared with; None where none serves, or none was asked for.
    """

    model: str
    entity: str
    findings: tuple[Finding, ...]
    version: int | None = None

    @property
    def passed(self) -> bool:
        """Whether every finding is as it should be."""
        return all(finding.passed for finding in self.findings)

    @property
    def drifted(self) -> bool:
        """Whether the active version was trained on something else than there is now."""
        return any(finding.drifted for finding in self.findings)


def check(definition: ModelDefinition[Any], *, database: Engine, registry: Registry | None = None, progress: Progress = silent) -> Checked:
    """What ``check_database`` finds, and which features the mapping shows to be identifiers. Raises what that raises.

    Before a database is asked, ``DefinitionError`` where training would refuse the algorithm or a parameter of it.
    """
    check_choice(definition)
    checked = check_database(definition, database=database, registry=registry, progress=progress)
    return replace(checked, findings=(*checked.findings, *check_leaks(definition)))


def check_database(
    definition: ModelDefinition[Any], *, database: Engine, registry: Registry | None = None, progress: Progress = silent
) -> Checked:
    """What the database has of what the definition reads: tables, columns, types, and a few rows with labels and resolvers.

    With a ``registry``, also whether definition, mapping and database are what its active version was trained on. Reads only. Raises
    ``DefinitionError`` where the definition is wrong by itself, ``ConfigurationError`` where the driver is asynchronous, and
    ``DatabaseConnectionError`` where nobody answers; what merely does not fit is a finding.
    """
    refuse_asynchronous(database)
    progress("check", 0, 1)
    statement, reads = statement_of(definition), reads_of(definition)
    active = None if registry is None else active_manifest(registry, definition.name)
    with reaching(database.url), database.connect() as connection:
        schema = Schema(connection)
        findings = list(check_schema(schema, statement.select, reads))
        drift = [] if active is None else list(check_version(definition, reads, active, schema, findings))
        if all(finding.passed for finding in findings):
            findings += _check_rows(definition, connection, statement)
    progress("check", 1, 1)
    return Checked(definition.name, definition.entity.__name__, (*findings, *drift), None if active is None else active.number)


def _check_rows(definition: ModelDefinition[Any], connection: Connection, statement: Statement) -> Iterator[Finding]:
    moment = definition.as_of.dates[-1] if definition.as_of.dates else datetime.now(UTC)
    try:
        page: Page = next(pages(connection, statement, moment, size=SAMPLE), [])
    except FeatureExtractionError as error:
        yield _failed("statement", error)
        return
    if not page:
        hint = "Loosen where=, or fill the table." if definition.where is not None else "Fill the table."
        yield Finding("statement", False, "runs, and finds no row", hint)
        return
    yield Finding("statement", True, f"runs: {len(page)} rows were read to see")
    if statement.label is not None:
        labelled = sum(row[statement.label] is not None for row in page)
        yield Finding("label", True, f"is there in {labelled} of these rows")
    place = statement.as_of
    moments = [moment if place is None else moment_of(row[place]) for row in page if place is None or row[place] is not None]
    rows = page if place is None else [row for row in page if row[place] is not None]
    related = RelatedRows(definition, connection).of(rows, tuple(statement.keys.values()))
    for feature, resolver in definition.resolvers.items():
        views = list(resolver_rows(resolver, feature, statement.uses[feature], rows, related))
        yield _check_resolver(resolver, f"resolver {feature}", feature, views, moments)
    if isinstance(definition.label, Resolver) and statement.label_uses is not None:
        views = list(resolver_rows(definition.label, "label", statement.label_uses, rows, related))
        yield _check_resolver(definition.label, "label", "label", views, moments)


def _check_resolver(
    resolver: Resolver[Any], subject: str, feature: str, rows: Sequence[ResolverRow], moments: Sequence[datetime]
) -> Finding:
    try:
        values = resolve_all(resolver, feature, rows, moments, place=lambda index: f"row {index} by primary key")
    except FeatureExtractionError as error:
        return _failed(subject, error)
    missing = sum(value is None for value in values)
    return Finding(subject, True, f"computes {len(values) - missing} values and {missing} missing ones of {len(values)} rows")


def _failed(subject: str, error: FeatureExtractionError) -> Finding:
    return Finding(subject, False, error.message, " ".join(error.suggestions) or None)
