"""``prisml check``."""

from __future__ import annotations

import contextlib
import sys

import click

from prisml.cli import options, render
from prisml.cli.failure import Attempt, State, describe, show
from prisml.cli.settings import read_config
from prisml.commands.check import Checked
from prisml.commands.check import check as check_definition
from prisml.commands.database import open_database
from prisml.commands.targets import Definition, find_definitions
from prisml.errors import EXIT_NO, PrisMLError


@options.command(
    "prisml check shop/ml/churn.py --database sqlite:///shop.db",
    _0="every definition fits",
    _1="one does not fit the database",
    _2="one is broken, wrong usage, or a bug",
)
@click.argument("targets", nargs=-1, metavar="[MODULE | FILE | MODULE:VARIABLE]...")
@options.database
@options.as_json
def check(targets: tuple[str, ...], database: str | None, as_json: bool) -> int:
    """Compare definitions with their mapping and the database; train nothing.

    Looks whether every table and column that a definition reads exists and has a type that fits, whether the statement runs, and
    whether labels and resolvers can be computed from a few real rows, and whether a feature is a key or another identifier. It reads
    only. Without a target the models of [tool.prisml]
    in pyproject.toml are checked.
    """
    state = click.get_current_context().ensure_object(State)
    config = read_config(database=database)
    found = find_definitions(targets or config.models, root=config.root)
    codes, documents = [], []
    for target, error in found.failures:
        show(error, state, on_stdout=False)
        codes.append(error.exit_code)
        documents.append({"model": target, "passed": False, "error": describe(error)})
    for checked, failure in _check_all(found.definitions, config.database, state):
        codes.append(failure.exit_code if failure else 0 if checked.passed else EXIT_NO)
        documents.append(as_document(checked) | ({"error": describe(failure)} if failure else {}))
        if failure is not None:
            show(failure, state, on_stdout=False)
        elif not as_json:
            write_findings(checked)
    code = max(codes, default=0)
    if as_json:
        render.write_json({"ok": code == 0, "exit_code": code, "models": documents})
    return code


def as_document(checked: Checked) -> dict[str, object]:
    """What was found, as a JSON object."""
    checks = [{"subject": each.subject, "passed": each.passed, "detail": each.detail, "hint": each.hint} for each in checked.findings]
    return {"model": checked.model, "passed": checked.passed, "checks": checks}


def write_findings(checked: Checked) -> None:
    """A table of what was found, on stdout, and the ways out below it."""
    rows = [(each.subject, each.detail, render.verdict(passed=each.passed)) for each in checked.findings]
    render.console().print(render.table(f"{checked.model}: {checked.entity}", ("checked", "found", "fits"), rows))
    for each in checked.findings:
        if each.hint is not None and not each.passed:
            render.say(f"  {each.subject}: {each.hint}")


def _check_all(definitions: tuple[Definition, ...], url: str | None, state: State) -> list[tuple[Checked, PrisMLError | None]]:
    if not definitions:
        return []
    results: list[tuple[Checked, PrisMLError | None]] = []
    with open_database(url) as opened, contextlib.redirect_stdout(sys.stderr):
        for definition in definitions:
            attempt, checked = Attempt(state), Checked(definition.name, definition.entity.__name__, ())
            with attempt:
                checked = check_definition(definition, database=opened)
            results.append((checked, attempt.failure))
    return results
