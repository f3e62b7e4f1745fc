"""Made-up histories of a model, whose moments are far enough apart to be seen in a picture."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from prisml.commands.page.past import Past, Told
from prisml.manifest import Interval
from prisml.registry.experiments import Experiment, Variant
from prisml.registry.log import Deployment
from prisml.registry.versions import Version

START = datetime(2026, 1, 5, 2, tzinfo=UTC)
Move = tuple[int, str, int, str | None, Experiment | None]


def told(number: int, *, name: str = "churn", metrics: tuple[str, ...] = ("accuracy", "log_loss"), **row: object) -> Told:
    """A version whose metrics depend on its number."""
    values = {metric: 0.5 + number / 1000 + place / 100 for place, metric in enumerate(metrics)}
    intervals = {metric: Interval(value=value, low=value - 0.03, high=value + 0.02) for metric, value in values.items()}
    details = {"author": "ada", "size": 48_000, **row}
    version = Version(
        name=name,
        number=number,
        digest=f"{number:064x}",
        created_at=START + timedelta(days=number),
        active=False,
        metrics=values,
        **details,
    )  # type: ignore[arg-type]
    return Told(version, intervals, version.deleted_at is not None)


def trial(name: str, control: int, treatment: int, share: float) -> Experiment:
    """An experiment of two versions."""
    bound = round(10_000 * (1 - share))
    variants = (Variant("control", control, 1 - share, ((0, bound),)), Variant(f"v{treatment}", treatment, share, ((bound, 10_000),)))
    return Experiment(name, "salt", START, variants, {})


def past(versions: Iterable[Told], moves: Iterable[Move], *, name: str = "churn", author: str = "ada") -> Past:
    """A past of those moves: on which day, the action, the version, why, and the experiment that runs from then on."""
    log: list[Deployment] = []
    for day, action, version, why, experiment in moves:
        before = log[-1].version if log else None
        log.append(Deployment(name, len(log) + 1, START + timedelta(days=day), author, action, why, before, version, experiment))
    return Past(name, tuple(versions), tuple(log))


def eventful() -> Past:
    """Six versions, one of them deleted, a rollback, an experiment that was ramped and promoted, and one that runs."""
    versions = [
        told(1, label="first"),
        told(2, deleted_at=START, deleted_by="bob"),
        told(3),
        told(4, label="v1.0", note="Trained without the outage."),
        told(5, commit="9f3ab2c11d"),
        told(6, label="v1.1"),
    ]
    moves: list[Move] = [
        (7, "publish", 1, "the first one", None),
        (14, "publish", 2, None, None),
        (21, "publish", 3, None, None),
        (22, "rollback", 2, "Customers of last week were scored as lost.", None),
        (29, "activate", 4, None, None),
        (36, "start", 4, None, trial("spring", 4, 5, 0.1)),
        (43, "ramp", 4, None, trial("spring", 4, 5, 0.5)),
        (50, "promote", 5, "clearly better", None),
        (60, "publish", 6, None, None),
        (71, "start", 6, None, trial("prices", 6, 4, 0.3)),
    ]
    return past(versions, moves)


def long() -> Past:
    """200 versions, published day by day."""
    return past(map(told, range(1, 201)), ((number, "publish", number, "nightly", None) for number in range(1, 201)))
