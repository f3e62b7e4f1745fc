"""``prisml check``."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import click

from prisml.cli import options, render
from prisml.cli.failure import Attempt, State, describe, show, show_failed
from prisml.cli.findings import as_document, write_findings
from prisml.cli.migrations import as_document as migrations_document
from prisml.cli.migrations import write_migrations
from prisml.cli.settings import read_config
from prisml.commands.check import Checked
from prisml.commands.check import check as check_definition
from prisml.commands.database import open_database
from prisml.commands.migrations import Migrations, Watched
from prisml.commands.pending import check_pending, watched_by
from prisml.commands.targets import Definition, find_definitions
from prisml.config import Config
from prisml.errors import EXIT_NO, PrisMLError
from prisml.registry.registry import Registry

ALEMBIC_INI = "alembic.ini"


@dataclass
class _Run:
    """What the models of one call came to."""

    state: State
    as_json: bool
    codes: list[int] = field(default_factory=list)
    documents: list[dict[str, object]] = field(default_factory=list)
    members: dict[str, object] = field(default_factory=dict)
    drifted: list[Definition] = field(default_factory=list)
    watched: list[Watched] = field(default_factory=list)

    def failed(self, model: str, error: PrisMLError) -> None:
        self.codes.append(error.exit_code)
        self.documents.append({"model": model, "passed": False, "error": describe(error)})
        show_failed(error, self.state)

    def ended(self, definition: Definition, checked: Checked, failure: PrisMLError | None, *, retrain: bool) -> None:
        self.documents.append(as_document(checked) | ({"error": describe(failure)} if failure else {}))
        if failure is not None:
            self.codes.append(failure.exit_code)
            show(failure, self.state, on_stdout=False)
            return
        if checked.drifted:
            self.drifted.append(definition)
        if not (checked.drifted and retrain):
            self.codes.append(0 if checked.passed else EXIT_NO)
        if not self.as_json:
            write_findings(checked)

    def judged(self, migrations: Migrations) -> None:
        self.codes.append(0 if migrations.passed else EXIT_NO)
        self.members["migrations"] = migrations_document(migrations)
        if not self.as_json:
            write_migrations(migrations)


@options.command(
    "prisml check shop/ml/churn.py --database sqlite:///shop.db",
    "prisml check --retrain",
    "prisml check --alembic=migrations/alembic.ini",
    _0="every definition fits, and no pending revision would break a model",
    _1="one does not fit the database or its active version, or a pending revision would break it",
    _2="one is broken, wrong usage, or a bug",
)
@click.argument("targets", nargs=-1, metavar="[MODULE | FILE | MODULE:VARIABLE]...")
@options.database
@options.registry
@click.option(
    "--alembic",
    metavar="PATH",
    is_flag=False,
    flag_value=ALEMBIC_INI,
    help="Also name the pending revisions that would break a model. PATH: alembic.ini (if left out), or the folder of the scripts.",
)
@click.option("--retrain", is_flag=True, help="Train anew what has drifted, as `prisml train` does; leave the rest alone.")
@options.as_json
def check(targets: tuple[str, ...], database: str | None, registry: str | None, alembic: str | None, retrain: bool, as_json: bool) -> int:
    """Compare definitions with their mapping, the database and the active version.

    Looks whether every table and column that a definition reads exists and has a type that fits, whether the statement runs, whether
    labels and resolvers can be computed from a few real rows, and whether a feature is a key or another identifier. Where a
    version serves, also whether the definition, the mapping and the database are what it was trained on: a column that its features
    read and that was dropped, renamed, retyped, made nullable, given other values or another foreign key is named, with these
    features. Columns that no feature reads never matter. It reads only, unless it is told to retrain.

    With --alembic each revision that the database lacks is asked, and not applied: its operations are recorded. SQL that it executes by
    itself is reported as not analysed. With --retrain the models that drifted are trained through all gates.
    Without a target the models of [tool.prisml] in pyproject.toml are checked.
    """
    if alembic is not None and retrain:
        raise click.UsageError("--retrain trains on the database as it is, and --alembic asks what it will be: give one of them.")
    config = read_config(database=database, registry=registry)
    run = _Run(click.get_current_context().ensure_object(State), as_json)
    found = find_definitions(targets or config.models, root=config.root)
    for target, error in found.failures:
        run.failed(target, error)
    if found.definitions:
        _check_all(run, found.definitions, config, None if alembic is None else Path(alembic), retrain=retrain)
    if retrain:
        _retrain(run, config)
    code = max(run.codes, default=0)
    if as_json:
        render.write_json({"ok": code == 0, "exit_code": code, "models": run.documents, **run.members})
    return code


def _check_all(run: _Run, definitions: Sequence[Definition], config: Config, alembic: Path | None, *, retrain: bool) -> None:
    registry = Registry(config.registry)
    with open_database(config.database) as opened:
        for definition in definitions:
            attempt, checked = Attempt(run.state), Checked(definition.name, definition.entity.__name__, ())
            with attempt, contextlib.redirect_stdout(sys.stderr):
                checked = check_definition(definition, database=opened, registry=registry)
                if alembic is not None:
                    run.watched.append(watched_by(definition, registry))
            run.ended(definition, checked, attempt.failure, retrain=retrain)
        if alembic is not None:
            with contextlib.redirect_stdout(sys.stderr):
                migrations = check_pending(alembic, database=opened, watched=run.watched)
            run.judged(migrations)


def _retrain(run: _Run, config: Config) -> None:
    """Train what drifted; the exit codes are those of the training."""
    # Checking alone needs no training stack.
    from prisml.cli.training import Run, train_all
    from prisml.commands.commit import git_commit
    from prisml.commands.remarks import Remarks

    training = Run(
        run.state, run.as_json, quiet=False, remarks=Remarks(note="retrained: what it reads drifted", commit=git_commit(Path.cwd()))
    )
    if run.drifted:
        train_all(training, run.drifted, config.database, Registry(config.registry), activate=True)
    elif not run.as_json:
        render.say("Nothing drifted, so nothing was trained.")
    run.codes += training.codes
    run.members["retrained"] = training.documents
