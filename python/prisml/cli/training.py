"""Models trained one after another, with what each came to: what ``prisml train`` and ``prisml check --retrain`` share."""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

from prisml.cli.failure import Attempt, State, describe, show, show_failed
from prisml.cli.progress import Steps, steps
from prisml.cli.summary import as_document, write_summary
from prisml.commands.database import open_database
from prisml.commands.remarks import Remarks
from prisml.commands.targets import Definition
from prisml.commands.train import Trained
from prisml.commands.train import train as train_model
from prisml.errors import EXIT_NO, PrisMLError
from prisml.registry.registry import Registry


@dataclass
class Run:
    """What the models of one call came to, so far."""

    state: State
    as_json: bool
    quiet: bool
    remarks: Remarks
    codes: list[int] = field(default_factory=list)
    documents: list[dict[str, object]] = field(default_factory=list)
    done: list[str] = field(default_factory=list)

    def failed(self, model: str, error: PrisMLError) -> None:
        """Keep and show that the model ended with an error."""
        self.codes.append(error.exit_code)
        self.documents.append({"model": model, "status": "error", "error": describe(error)})
        self.done.append(f"{model}: error, nothing published")
        show_failed(error, self.state)

    def ended(self, trained: Trained) -> None:
        """Keep and show what its training came to."""
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
        """The highest exit code so far."""
        return max(self.codes, default=0)


def train_all(
    run: Run,
    definitions: Sequence[Definition],
    url: str | None,
    registry: Registry,
    *,
    activate: bool,
    time_budget: float | None = None,
) -> None:
    """Train the models; what one of them raises does not stop the others."""
    with open_database(url) as database:
        for position, definition in enumerate(definitions):
            waiting = [each.name for each in definitions[position + 1 :]]
            attempt = Attempt(run.state)
            # What a resolver prints must not get between the lines of a JSON answer.
            with (
                attempt,
                steps(quiet=run.quiet, search=_seconds(definition, time_budget)) as progress,
                contextlib.redirect_stdout(sys.stderr),
            ):
                run.state.interrupted = functools.partial(_interrupted, run, definition.name, progress, waiting)
                trained = train_model(
                    definition,
                    database=database,
                    registry=registry,
                    activate=activate,
                    remarks=run.remarks,
                    time_budget=time_budget,
                    progress=progress,
                )
            if attempt.failure is not None:
                run.failed(definition.name, attempt.failure)
            else:
                run.ended(trained)


def _seconds(definition: Definition, time_budget: float | None) -> float | None:
    """How long the model is searched for; None where its algorithm is named."""
    return None if definition.time_budget is None else time_budget or definition.time_budget


def _interrupted(run: Run, model: str, progress: Steps, waiting: list[str]) -> str:
    """What was done and what was not, for whoever pressed Ctrl-C."""
    lines = [*run.done]
    if progress.current == "publish":
        lines.append(f"{model}: while it was published; `prisml versions {model}` shows whether it was")
    else:
        step = f" during {progress.where}" if progress.where else ""
        lines.append(f"{model}: stopped{step}, nothing published, what served before serves on")
    lines += [f"{name}: not begun" for name in waiting]
    return "\n  ".join(["Interrupted.", *lines])
