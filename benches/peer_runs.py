"""The heats of the race: every model on every data set, one row and batches, and whether all contenders predict the same."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from benches import peer_others, peer_treelite
from benches.peer_contenders import OURS, Contender, NotForThis, prisml
from benches.peer_data import Sample
from benches.peer_models import Model
from benches.peer_race import ROWS, Clock, Timing, batch, one_row

PEERS: dict[str, Callable[[Model, Sample], list[Contender]]] = {
    "scikit-learn": peer_others.scikit_learn,
    "onnxruntime": peer_others.onnx_runtime,
    "own": peer_others.own,
    "daal4py": peer_others.daal4py,
    "lleaves": peer_others.lleaves,
    "ydf": peer_others.ydf,
    "tl2cgen": peer_treelite.tl2cgen,
    "m2cgen": peer_treelite.m2cgen,
}
ALWAYS = ("scikit-learn", "onnxruntime")
_SAME = 1e-5
_LONGEST = 8.0
_LARGE = 100_000
_CHECKED = 50


@dataclass(frozen=True)
class Line:
    """What was measured of one contender with one model: microseconds a call and, of a batch, rows a second.

    ``furthest`` is how far its answers are from scikit-learn's, LightGBM's or XGBoost's; None where it is a model of its own.
    """

    data: str
    model: str
    rows: int
    contender: str
    given: str
    median_us: float
    best_us: float
    p99_us: float | None
    rows_per_second: float
    blocks: int
    furthest: float | None


@dataclass
class Results:
    """The lines of a race, the seconds of each way to encode, who was left out and why, and who predicted something else."""

    lines: list[Line] = field(default_factory=list)
    encodings: dict[str, float] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def find(self, data: str, model: str, rows: int, contender: str, given: str) -> Line | None:
        """The line of one contender."""
        for line in self.lines:
            if (line.data, line.model, line.rows, line.contender, line.given) == (data, model, rows, contender, given):
                return line
        return None


@dataclass(frozen=True)
class Effort:
    """Who takes part, how many blocks of single rows there are, which batches, how many rounds of them, and at least how many seconds."""

    peers: Sequence[str]
    blocks: int
    sizes: Sequence[int]
    rounds: int
    enough: float
    clock: Clock


def run(results: Results, model: Model, effort: Effort) -> None:
    """Add the lines of ``model``: single rows in interleaved blocks, then batches of each size."""
    peers = effort.peers
    singles = model.table.sample(ROWS)
    contenders = _agreeing(results, model, _gather(results, model, singles.alone(0), peers), singles, single=True)
    _note(
        results,
        model,
        1,
        contenders,
        one_row([contender for contender, _ in contenders], singles, blocks=effort.blocks, clock=effort.clock),
    )
    slowest: dict[tuple[str, str], float] = {}
    for size in effort.sizes:
        whole = model.table.sample(size)
        found = [
            contender
            for contender in _gather(results, model, whole, peers)
            if _in_time(results, model, size, contender, slowest.get(contender.key, 0.0))
        ]
        agreed = _agreeing(results, model, found, whole, single=False)
        timings = batch(
            [contender for contender, _ in agreed],
            whole,
            rounds=effort.rounds if size <= _LARGE else min(3, effort.rounds),
            clock=effort.clock,
            enough=effort.enough,
        )
        slowest = {timing.contender.key: timing.median / size for timing in timings}
        _note(results, model, size, agreed, timings)


def _gather(results: Results, model: Model, sample: Sample, peers: Sequence[str]) -> list[Contender]:
    found = prisml(model, sample)
    for name in peers:
        try:
            found += PEERS[name](model, sample)
        except NotForThis:
            continue
        except Exception as error:  # noqa: BLE001
            # Whatever ails a peer must not end the race of the others, nor pass in silence.
            _leave_out(results, f"{name} with {model.name} on {model.table.name}", f"{type(error).__name__}: {str(error).splitlines()[0]}")
    return found


def _in_time(results: Results, model: Model, size: int, contender: Contender, seconds_a_row: float) -> bool:
    """Whether the contender takes part in a batch of ``size``; up to 100,000 rows all that can do, beyond that the quick ones."""
    if contender.most is not None and size > contender.most:
        return False
    if size > _LARGE and seconds_a_row * size > _LONGEST:
        who = f"{contender.name} ({contender.given}) with {model.name} on {model.table.name}, {size:,} rows"
        _leave_out(results, who, f"a round would take {seconds_a_row * size:.0f} s")
        return False
    return True


def _agreeing(
    results: Results, model: Model, contenders: Sequence[Contender], sample: Sample, *, single: bool
) -> list[tuple[Contender, float | None]]:
    """The contenders with how far each is from the model's own library; who predicts something else is noted."""
    wanted = model.predict(sample.matrix[:_CHECKED] if single else sample.matrix)
    found: list[tuple[Contender, float | None]] = []
    for contender in contenders:
        try:
            answered = _answers(contender, sample, single=single)
        except Exception as error:
            if contender.name.startswith(OURS):
                raise
            _leave_out(results, f"{contender.name} with {model.name} on {model.table.name}", f"{type(error).__name__}: {error}")
            continue
        if contender.own_model:
            found.append((contender, None))
            continue
        apart = np.abs(answered - wanted)
        furthest = float(apart.max())
        found.append((contender, furthest))
        if not furthest <= _SAME:
            rows = f"{int((apart > _SAME).sum())} of {len(apart)} rows by up to {furthest:.1e}"
            results.wrong.append(f"{contender.name} ({contender.given}), {model.name} on {model.table.name}: {rows}")
    return found


def _answers(contender: Contender, sample: Sample, *, single: bool) -> NDArray[np.float64]:
    if not single:
        return np.asarray(contender.answer(contender.call(contender.ready(sample))), dtype=np.float64)
    each = [contender.answer(contender.call(contender.ready(sample.alone(place)))) for place in range(_CHECKED)]
    return np.asarray(each, dtype=np.float64).reshape(-1)


def _note(results: Results, model: Model, rows: int, agreed: Sequence[tuple[Contender, float | None]], timings: Sequence[Timing]) -> None:
    for (contender, furthest), timing in zip(agreed, timings, strict=True):
        results.lines.append(
            Line(
                data=model.table.name,
                model=model.name,
                rows=rows,
                contender=contender.name,
                given=contender.given,
                median_us=timing.median * 1e6,
                best_us=timing.best * 1e6,
                p99_us=None if timing.p99 is None else timing.p99 * 1e6,
                rows_per_second=rows / timing.median,
                blocks=timing.blocks,
                furthest=furthest,
            )
        )


def _leave_out(results: Results, who: str, why: str) -> None:
    if who not in results.left_out:
        results.left_out[who] = why
        print(f"left out: {who} ({why})", file=sys.stderr, flush=True)
