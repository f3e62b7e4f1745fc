"""``prisml show``."""

from __future__ import annotations

import click

from prisml.cli import document, kinds, options, render, tables
from prisml.cli.completion import model_names, version_names
from prisml.cli.kinds import Which
from prisml.cli.settings import open_registry
from prisml.commands.show import Card
from prisml.commands.show import show as show_version


@options.command(
    "prisml show churn",
    "prisml show churn 3 --json",
    _0="shown",
    _2="no such model or version, none active, wrong usage, or a bug",
)
@click.argument("name", shell_complete=model_names)
@click.argument("version", type=kinds.version, required=False, shell_complete=version_names)
@options.registry
@options.as_json
def show(name: str, version: Which | None, registry: str | None, as_json: bool) -> None:
    """Show all that is known of a version.

    VERSION is a number or a label; without it, the version that serves. Shows who published it when and from which commit, its
    metrics with their intervals, gates, parity, features and data, and what answers for it in this process, natively or ONNX Runtime.
    With --json the whole manifest is there.
    """
    card = show_version(open_registry(registry), name, version)
    if as_json:
        manifest = card.manifest.model_dump(mode="json")
        experiment = document.of_experiment(card.experiment)
        answers = document.of_info(card.info) if card.info is not None else {"problem": card.problem}
        render.write_json(document.answer(**document.of_version(card.version), experiment=experiment, answers=answers, manifest=manifest))
        return
    screen = render.console()
    screen.print(render.table(f"{name}, version {card.version.number}", ("", ""), _facts(card)))
    if card.manifest.metrics:
        screen.print(tables.metrics(card.manifest))
    if card.manifest.gates:
        screen.print(tables.gates(card.manifest.gates), *tables.slices(card.manifest.gates))
    screen.print(tables.features(card.manifest))


def _facts(card: Card) -> list[tuple[str, str]]:
    version, manifest = card.version, card.manifest
    libraries = ", ".join(f"{library} {number}" for library, number in sorted(manifest.libraries.items()))
    lines = [
        ("label", version.label or ""),
        ("note", version.note or ""),
        ("serves", _serves(card)),
        ("answers", _answers(card)),
        ("published", f"{render.moment(version.created_at)} UTC by {version.author}"),
        ("commit", version.commit or ""),
        ("predicts", f"{manifest.output} of {manifest.entity}"),
        *tables.facts(manifest),
        ("seed", str(manifest.seed) if tables.is_measured(manifest) else ""),
        ("libraries", libraries),
        ("digest", version.digest),
        ("size", "" if version.size is None else render.size(version.size)),
    ]
    return [(name, text) for name, text in lines if text]


def _answers(card: Card) -> str:
    if card.info is None:
        return f"cannot be loaded here: {card.problem}"
    instructions = "" if card.info.instructions is None else f" with {card.info.instructions}"
    return f"{card.info.scorer}{instructions}, {render.size(card.info.bytes)}: {card.info.reason}"


def _serves(card: Card) -> str:
    variant = None if card.experiment is None else card.experiment.of_version(card.version.number)
    if card.experiment is None or variant is None:
        return "yes" if card.version.active else "no"
    return f"{render.share(variant.weight)} of the keys, as {variant.name} of experiment {card.experiment.name}"
