"""``prisml train``."""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import click

from prisml.cli import options, render
from prisml.cli.failure import Attempt, State, describe, show
from prisml.cli.progress import Steps, steps
from prisml.cli.settings import read_config
from prisml.cli.summary import as_document, write_summary
from prisml.commands.commit import git_commit
from prisml.commands.database import open_database
from prisml.commands.remarks import Remarks
from prisml.commands.targets import Definition, find_definitions
from prisml.commands.train import Trained
from prisml.commands.train import train as train_model
from prisml.errors import EXIT_NO, PrisMLError
from prisml.registry.registry import Registry


@dataclass
class _Run:
    """What the models of one call came to, so far."""

    state: State
    as_json: bool
    quiet: bool
    remarks: Remarks
    codes: list[int] = field(default_factory=list)
    documents: list[dict[str, object]] = field(default_factory=list)
    done: list[str] = field(default_factory=list)

    def failed(self, model: str, error: PrisMLError) -> None:
        self.codes.append(error.exit_code)
        self.documents.append({"model": model, "status": "error", "error": describe(error)})
        self.done.append(f"{model}: error, nothing published")
        show(error, self.state, on_stdout=False)

    def ended(self, trained: Trained) -> None:
        refusal = trained.refusal()
        self.codes.append(0 if trained.passed else EXIT_NO)
        self.documents.append(as_document(trained) | ({"error": describe(refusal)} if refusal else {}))
        self.done.append(f"{trained.model}: {f'published as version {trained.version.number}' if trained.version else 'nothing published'}")
        if not self.as_json and not (self.quiet and trained.passed):
            write_summary(trained)
        if refusal is not None:
            show(refusal, self.state, on_stdout=False)

    @property
    def code(self) -> int:
        return max(self.codes, default=0)


@options.command(
    "prisml train shop/ml/churn.py --database sqlite:///shop.db",
    "prisml train shop.ml.churn:churn --no-activate",
    'prisml train shop/ml/churn.py --label v1.1 --note "with the orders of spring"',
    _0="every model was published",
    _1="the answer is no: a gate, parity, a guard against leakage or the check before training, or a label that another version has",
)
@click.argument("targets", nargs=-1, metavar="[MODULE | FILE | MODULE:VARIABLE]...")
@options.database
@options.registry
@click.option("--no-activate", is_flag=True, help="Publish, but let the version that serves now serve on.")
@options.label
@options.note
@click.option("--quiet", is_flag=True, help="No progress and no summary: only what went wrong.")
@options.as_json
def train(
    targets: tuple[str, ...],
    database: str | None,
    registry: str | None,
    no_activate: bool,
    label: str | None,
    note: str | None,
    quiet: bool,
    as_json: bool,
) -> int:
    """Train models, and publish those that pass their gates.

    Each model is checked against the database, extracted, split, fitted, evaluated, exported to ONNX, compared with
    scikit-learn (parity), judged by its gates, published to the registry and activated. A model that fails publishes nothing,
    and what served before serves on. Several models do not stop each other; the highest exit code is returned.
    Without a target the models of [tool.prisml] in pyproject.toml are trained.

    A new version is published and not activated while an experiment runs, or where the last move was a rollback; that is said, and
    how to activate it. Where the current folder is in a git repository, the commit is kept with the version.
    """
    config = read_config(database=database, registry=registry)
    remarks = Remarks(label, note, git_commit(Path.cwd()))
    run = _Run(click.get_current_context().ensure_object(State), as_json, quiet, remarks)
    found = find_definitions(targets or config.models, root=config.root)
    for target, error in found.failures:
        run.failed(target, error)
    if found.definitions:
        _train_all(run, found.definitions, config.database, Registry(config.registry), activate=not no_activate)
    if as_json:
        render.write_json({"ok": run.code == 0, "exit_code": run.code, "models": run.documents})
    return run.code


def _train_all(run: _Run, definitions: Sequence[Definition], url: str | None, registry: Registry, *, activate: bool) -> None:
    with open_database(url) as database:
        for position, definition in enumerate(definitions):
            waiting = [each.name for each in definitions[position + 1 :]]
            attempt = Attempt(run.state)
            # What a resolver prints must not get between the lines of a JSON answer.
            with attempt, steps(quiet=run.quiet) as progress, contextlib.redirect_stdout(sys.stderr):
                run.state.interrupted = functools.partial(_interrupted, run, definition.name, progress, waiting)
                trained = train_model(
                    definition, database=database, registry=registry, activate=activate, remarks=run.remarks, progress=progress
                )
            if attempt.failure is not None:
                run.failed(definition.name, attempt.failure)
            else:
                run.ended(trained)


def _interrupted(run: _Run, model: str, progress: Steps, waiting: list[str]) -> str:
    """What was done and what was not, for whoever pressed Ctrl-C."""
    lines = [*run.done]
    if progress.current == "publish":
        lines.append(f"{model}: while it was published; `prisml versions {model}` shows whether it was")
    else:
        step = f" during {progress.current!r}" if progress.current else ""
        lines.append(f"{model}: stopped{step}, nothing published, what served before serves on")
    lines += [f"{name}: not begun" for name in waiting]
    return "\n  ".join(["Interrupted.", *lines])
