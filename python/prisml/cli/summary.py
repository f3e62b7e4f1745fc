"""How the training of a model ended: as tables, and as a JSON object."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prisml.cli import render, tables
from prisml.cli.findings import as_document as checked_document
from prisml.cli.findings import write_findings
from prisml.cli.tried import tried_documents, tried_table, untried
from prisml.commands.train import Trained

if TYPE_CHECKING:
    from prisml.training.fit import Candidate

STORED = {
    *("task", "estimator", "parameters", "search", "rows", "split", "seed", "metrics", "baseline"),
    *("threshold", "threshold_rule", "calibration", "waived", "warnings", "cross_validation", "parity"),
}
"""What of the manifest belongs to the verdict."""


def write_summary(trained: Trained) -> None:
    """The tables of one model on stdout, and a sentence that says what serves now."""
    if trained.candidate is None:
        write_findings(trained.checked)
        render.say(f"{trained.model} does not fit the database: nothing was trained, {_serving(trained)}.", style="bold red")
        return
    manifest = trained.candidate.artifact.manifest
    screen = render.console()
    screen.print(render.table(trained.model, ("", ""), _facts(trained, trained.candidate)))
    if manifest.search is not None and trained.candidate.tried:
        screen.print(tried_table(trained.candidate.tried, manifest.search))
        for sentence in untried(trained.candidate.tried):
            render.say(sentence)
    screen.print(tables.metrics(manifest))
    if manifest.cross_validation is not None:
        screen.print(tables.cross_validation(manifest.cross_validation))
    for finding in trained.candidate.warnings:
        render.say(f"Warning: {finding}", style="yellow")
    if trained.candidate.verdicts:
        screen.print(tables.gates(trained.candidate.verdicts), *tables.slices(trained.candidate.verdicts))
    if trained.version is not None:
        render.say(_published(trained, trained.version.number), style="bold green")
        render.say(f"Look at it: prisml report {trained.model} {trained.version.number} --open")
    if trained.held is not None and trained.version is not None:
        activate = f"prisml activate {trained.model} {trained.version.number}"
        render.say(f"It was not activated: {trained.held}. To let it serve: {activate}")


def as_document(trained: Trained) -> dict[str, object]:
    """The whole verdict as a JSON object."""
    document: dict[str, object] = {
        "model": trained.model,
        "status": _status(trained),
        "version": trained.version.number if trained.version else None,
        "already_published": trained.known,
        "label": trained.version.label if trained.version else None,
        "commit": trained.version.commit if trained.version else None,
        "active": trained.serving.number if trained.serving else None,
        "held": trained.held,
        "seconds": round(trained.seconds, 3),
        "checks": checked_document(trained.checked)["checks"],
    }
    if trained.candidate is None:
        return document
    artifact, manifest = trained.candidate.artifact, trained.candidate.artifact.manifest
    stored: dict[str, object] = manifest.model_dump(mode="json", include=STORED)
    gates = [verdict.model_dump(mode="json") for verdict in trained.candidate.verdicts]
    if trained.candidate.tried:
        document["tried"] = tried_documents(trained.candidate.tried)
    return document | {"digest": artifact.digest, "bytes": len(artifact.onnx)} | stored | {"gates": gates}


def _status(trained: Trained) -> str:
    if trained.candidate is None:
        return "check_failed"
    return "published" if trained.version is not None else "gate_failed"


def _facts(trained: Trained, candidate: Candidate) -> list[tuple[str, str]]:
    artifact = candidate.artifact
    return [
        *tables.facts(artifact.manifest),
        ("version", "not published" if trained.version is None else str(trained.version.number)),
        ("digest", artifact.digest),
        ("size", render.size(len(artifact.onnx))),
        ("seconds", f"{trained.seconds:,.1f}"),
    ]


def _published(trained: Trained, number: int) -> str:
    model = f"version {number} of {trained.model}"
    told = f"{model} was there already, with the same digest" if trained.known else f"{model} is published"
    return f"{told[0].upper()}{told[1:]}; {_serving(trained)}."


def _serving(trained: Trained) -> str:
    if trained.serving is None:
        return f"no version serves yet (prisml activate {trained.model} <version>)"
    if trained.version is not None and trained.version.number == trained.serving.number:
        return "it serves now"
    return f"version {trained.serving.number} stays active"
