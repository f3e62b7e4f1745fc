"""``prisml doctor``."""

from __future__ import annotations

import contextlib
import sys
from itertools import groupby

import click
from rich.text import Text

from prisml.cli import options, render
from prisml.commands.doctor import Diagnosis, examine
from prisml.commands.doctor.finding import Finding, Status
from prisml.errors import EXIT_NO

_STYLES: dict[Status, str] = {"ok": "green", "warning": "yellow", "wrong": "bold red", "skipped": "dim"}
_OF_MODELS = frozenset({"definitions", "model", "database.rights"})
_TOLD: tuple[Status, ...] = ("wrong", "warning")


@options.command(
    "prisml doctor",
    "prisml doctor shop/ml/churn.py --database sqlite:///shop.db --json",
    _0="all is well, or there are only warnings",
    _1="something is wrong",
    _2="wrong usage, or a bug",
    _3="never: what cannot be reached is a finding",
)
@click.argument("targets", nargs=-1, metavar="[MODULE | FILE | MODULE:VARIABLE]...")
@options.database
@options.registry
@options.as_json
def doctor(targets: tuple[str, ...], database: str | None, registry: str | None, as_json: bool) -> int:
    """Look at the installation, the configuration and all they lead to; say what mends it.

    Looks at the compiled core, the cores a container leaves, ONNX Runtime, the training stack, [tool.prisml] and the environment, the
    definitions, the database and its rights, the registry, and whether each version that serves fits what there is now and answers
    its golden rows in this process as it was recorded. Each check stands by itself: what is broken is a finding, and the others go on.

    It writes nothing, and shows no password. Without a target the models of [tool.prisml] in pyproject.toml are looked at.
    """
    with contextlib.redirect_stdout(sys.stderr):
        found = examine(targets, database=database, registry=registry)
    code = 0 if found.passed else EXIT_NO
    if as_json:
        render.write_json({"ok": code == 0, "exit_code": code, "checks": [_document(each) for each in found.findings]})
    else:
        _write(found)
    return code


def _document(finding: Finding) -> dict[str, object]:
    return {
        "id": finding.id,
        "subject": finding.subject,
        "status": finding.status,
        "detail": finding.detail,
        "remedy": finding.remedy,
    }


def _write(found: Diagnosis) -> None:
    """One table with a part for each subject, and below it what mends what is not well."""
    rows: list[tuple[str | Text, ...]] = []
    last: list[int] = []
    for subject, findings in groupby(found.findings, key=lambda each: each.id.partition(".")[0]):
        for place, each in enumerate(findings):
            told = Text(each.status.upper() if each.status == "wrong" else each.status, style=_STYLES[each.status])
            rows.append((subject if place == 0 else "", _label(each), told, each.detail))
        last.append(len(rows) - 1)
    shown = render.table("prisml doctor", ("", "looked at", "status", "found"), rows)
    for row in last:
        shown.rows[row].end_section = True
    render.console().print(shown)
    for status in _TOLD:
        for each in found.findings:
            if each.status == status and each.remedy is not None:
                render.say(f"{each.id} ({each.subject}): {each.remedy}", style=_STYLES[status])
    counts = [f"{number} {status}" for status in (*_TOLD, "ok", "skipped") if (number := _count(found, status))]
    render.say(", ".join(counts) + ".")


def _label(finding: Finding) -> str:
    """What was looked at; of what a model has, which check it was too."""
    subject, _, check = finding.id.partition(".")
    return f"{check}: {finding.subject}" if {subject, finding.id} & _OF_MODELS and finding.subject != check else finding.subject


def _count(found: Diagnosis, status: str) -> int:
    return sum(each.status == status for each in found.findings)
