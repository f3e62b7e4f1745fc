"""``prisml train``."""

from __future__ import annotations

from pathlib import Path

import click

from prisml.cli import container, options, render
from prisml.cli.failure import State
from prisml.cli.settings import read_config
from prisml.cli.training import Run, train_all
from prisml.commands.commit import git_commit
from prisml.commands.remarks import Remarks
from prisml.commands.targets import find_definitions
from prisml.config import Backend
from prisml.registry.registry import Registry


@options.command(
    "prisml train shop/ml/churn.py --database sqlite:///shop.db",
    "prisml train shop.ml.churn:churn --no-activate",
    'prisml train shop/ml/churn.py --label v1.1 --note "with the orders of spring"',
    "prisml train shop/ml/churn.py --backend docker",
    _0="every model was published",
    _1="the answer is no: a gate, parity, a guard against leakage or the check before training, or a label that another version has",
)
@click.argument("targets", nargs=-1, metavar="[MODULE | FILE | MODULE:VARIABLE]...")
@options.database
@options.registry
@click.option("--no-activate", is_flag=True, help="Publish, but let the version that serves now serve on.")
@options.label
@options.note
@click.option(
    "--time-budget",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help='How long algorithm="auto" tries; else the definition\'s time_budget=.',
)
@container.backend
@container.image
@container.dry_run
@click.option("--quiet", is_flag=True, help="No progress and no summary: only what went wrong.")
@options.as_json
def train(
    targets: tuple[str, ...],
    database: str | None,
    registry: str | None,
    no_activate: bool,
    label: str | None,
    note: str | None,
    time_budget: float | None,
    backend: Backend | None,
    image: str | None,
    dry_run: bool,
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

    With --backend docker the same runs in a container, which needs no training stack here.

    For a model with algorithm="auto" an algorithm is searched for within the time budget, and what was tried is shown.
    """
    config = read_config(database=database, registry=registry, backend=backend, image=image)
    if (code := container.train_elsewhere(config, targets, dry_run=dry_run, as_json=as_json)) is not None:
        return code
    remarks = Remarks(label, note, git_commit(Path.cwd()))
    run = Run(click.get_current_context().ensure_object(State), as_json, quiet, remarks)
    found = find_definitions(targets or config.models, root=config.root)
    for target, error in found.failures:
        run.failed(target, error)
    if time_budget is not None and found.definitions and all(each.time_budget is None for each in found.definitions):
        raise click.BadParameter('no model here has algorithm="auto"', param_hint="--time-budget")
    if found.definitions:
        train_all(run, found.definitions, config.database, Registry(config.registry), activate=not no_activate, time_budget=time_budget)
    if as_json:
        render.write_json({"ok": run.code == 0, "exit_code": run.code, "models": run.documents})
    return run.code
