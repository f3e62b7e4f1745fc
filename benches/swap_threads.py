"""Threads that predict without a pause while versions are swapped, and judge every answer."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray

from benches.swap_models import Row, rows, truth
from benches.swap_plan import Move, Signature, signatures
from prisml import Engine, Prediction, Predictions
from prisml.registry.bundle import Artifact

BATCH = 40
BATCHES = 3
PAUSE_S = 0.002
"""Between two calls: eight threads that never rest would leave the interpreter to nobody else."""


@dataclass
class Judged:
    """How many predictions were judged, and how many were wrong, mixed, or no predictions at all."""

    calls: int = 0
    predictions: int = 0
    in_experiments: int = 0
    wrong: int = 0
    mixed: int = 0
    errors: int = 0
    versions: set[int] = field(default_factory=set)
    examples: list[str] = field(default_factory=list)

    def add(self, other: Judged) -> None:
        """Count what another thread has judged too."""
        for name in ("calls", "predictions", "in_experiments", "wrong", "mixed", "errors"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.versions |= other.versions
        self.examples = [*self.examples, *other.examples][:5]


class Asking:
    """A batch of rows, asked in one way: with or without ids of their own, with or without keys beside them."""

    def __init__(self, asked: Sequence[Row], keys: Sequence[object] | None, right: NDArray[np.float64], moves: Sequence[Move]) -> None:
        self.rows = asked
        self.keys = keys
        self._right = right
        effective = list(keys) if keys is not None else [row.get("id") for row in asked]
        self._may = signatures(moves, effective)
        self._may_one = {(place, *pair) for may in self._may for place, pair in enumerate(zip(*may, strict=True))}

    def judge(self, judged: Judged, found: Predictions) -> None:
        """Each value is that of the version it names, and all versions and variants are of one deployment."""
        versions, variants = found.versions.astype(np.int64), tuple(found.variants.tolist())
        self._count(judged, versions, variants)
        right = self._right[(versions - 1) % len(self._right), np.arange(len(versions))]
        if not np.array_equal(found.values, right):
            judged.wrong += 1
        signature: Signature = (tuple(versions.tolist()), variants)
        plain = set(variants) == {None} and len(set(signature[0])) == 1
        if not plain and signature not in self._may:
            judged.mixed += 1
            judged.examples.append(f"mixed: {signature}")

    def judge_one(self, judged: Judged, found: Prediction, place: int) -> None:
        """The value is that of the version it names, and the variant is that of some deployment."""
        version, variant = found.version or 0, found.variant
        self._count(judged, np.array([version]), (variant,))
        if found.value != self._right[(version - 1) % len(self._right), place]:
            judged.wrong += 1
        if variant is not None and (place, version, variant) not in self._may_one:
            judged.mixed += 1

    def _count(self, judged: Judged, versions: NDArray[np.int64], variants: Sequence[str | None]) -> None:
        judged.calls += 1
        judged.predictions += len(versions)
        judged.in_experiments += sum(variant is not None for variant in variants)
        judged.versions.update(versions.tolist())


def askings(made: Sequence[Artifact], moves: Sequence[Move]) -> list[Asking]:
    """A few batches, each asked in three ways."""
    found: list[Asking] = []
    for batch in range(BATCHES):
        candidates = rows(10 * BATCH, batch)
        values = truth(made, candidates)
        # Where two forests predict the same, their answers could not be told apart.
        told = [place for place, column in enumerate(values.T.tolist()) if len(set(column)) == len(made)][:BATCH]
        asked, right = [candidates[place] for place in told], values[:, told]
        anonymous = [{name: value for name, value in row.items() if name != "id"} for row in asked]
        keys = [None if place % 5 == 0 else f"key-{batch}-{place}" for place in range(len(told))]
        found += [Asking(asked, None, right, moves), Asking(anonymous, None, right, moves), Asking(anonymous, keys, right, moves)]
    return found


class Threads:
    """Threads that predict with one engine until the ``with`` block ends."""

    def __init__(self, engine: Engine, asked: Sequence[Asking], count: int) -> None:
        self._engine = engine
        self._asked = asked
        self._stop = threading.Event()
        self._each = [Judged() for _ in range(count)]
        self._threads = [threading.Thread(target=self._run, args=(judged, seed)) for seed, judged in enumerate(self._each)]
        self.judged = Judged()

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        for judged in self._each:
            self.judged.add(judged)

    def _run(self, judged: Judged, seed: int) -> None:
        source = random.Random(seed)  # noqa: S311
        while not self._stop.is_set():
            try:
                self._ask(judged, source)
            except Exception as error:  # noqa: BLE001 -- Whatever it is, it is what the campaign looks for.
                judged.errors += 1
                judged.examples.append(f"{type(error).__name__}: {error}")
            time.sleep(PAUSE_S)

    def _ask(self, judged: Judged, source: random.Random) -> None:
        asking = source.choice(self._asked)
        if source.random() < 0.5:
            asking.judge(judged, self._engine.predict_many(asking.rows, keys=asking.keys))
            return
        place = source.randrange(len(asking.rows))
        key = None if asking.keys is None else asking.keys[place]
        asking.judge_one(judged, self._engine.predict(asking.rows[place], key=key), place)
