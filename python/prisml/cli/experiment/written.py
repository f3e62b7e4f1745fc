"""How an experiment is shown."""

from __future__ import annotations

from rich.table import Table

from prisml.cli import document, render
from prisml.registry.experiments import Experiment


def write(model: str, experiment: Experiment, sentence: str, *, as_json: bool) -> None:
    """What was done and how the keys are shared out now, or a document of both."""
    if as_json:
        render.write_json(document.answer(name=model, experiment=document.of_experiment(experiment)))
        return
    render.say(sentence)
    render.console().print(table(model, experiment))


def table(model: str, experiment: Experiment) -> Table:
    """A line for each variant, control first."""
    rows = []
    for variant in experiment.variants:
        buckets = sum(end - start for start, end in variant.ranges)
        forced = sum(name == variant.name for name in experiment.forced.values())
        rows.append((variant.name, str(variant.version), render.share(variant.weight), f"{buckets:,}", str(forced)))
    title = f"{model}: experiment {experiment.name}, since {render.moment(experiment.started_at)} UTC"
    columns = ("variant", "version", "share", "of 10,000 buckets", "forced keys")
    return render.table(title, columns, rows, right=columns[1:])
