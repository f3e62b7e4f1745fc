"""Which keys get which variant, in figures: how even, how fair, how independent, what a ramp moves, and what an assignment costs.

Keys and salts are fixed, so that every run gives the same figures but for the speeds. Where something is random by right, it is held to
three standard errors of what chance would give. A promise that is broken is exit code 1.
"""

from __future__ import annotations

import math
import random
import sys
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from benches.report import Report, arguments
from prisml._core import Routing, largest_remainder, reallocate

KEYS = 1_000_000
START = [[(0, 10_000)]]
# As an experiment gets where none is given: 16 hexadecimal digits.
SALTS = [text.hex() for text in map(random.Random(0).randbytes, [8] * 1_000)]  # noqa: S311
Ranges = list[list[tuple[int, int]]]
Keys = Sequence[object] | NDArray[np.int64]


def main() -> int:
    """The exit code: 1 where a promise is broken."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--seconds", type=float, default=1.0, help="how long each timing may take")
    options = parser.parse_args()
    fairness, speed = Report(f"Which variant {KEYS:,} keys get"), Report("Nanoseconds for an assignment, beside the same in pure Python")
    evenness(fairness)
    small_ids(fairness)
    canary(fairness)
    independence(fairness)
    ramps(fairness)
    speeds(speed, options.seconds)
    named = {"fairness": fairness, "speed": speed}
    return max(report.finish(options.json and options.json.with_stem(f"{options.json.stem}-{name}")) for name, report in named.items())


def split(*weights: float) -> Ranges:
    """The ranges of a new experiment."""
    return reallocate(START, largest_remainder(weights))


def evenness(report: Report) -> None:
    """Chi-square of the keys over the 10,000 buckets, for each salt: no bucket is fuller than chance makes it."""
    single: Ranges = [[(bucket, bucket + 1)] for bucket in range(10_000)]
    source = np.random.default_rng(1)
    kinds: dict[str, Keys] = {
        "ids from 1": np.arange(1, KEYS + 1),
        "random int64": source.integers(0, 2**63, KEYS),
        "text": [f"customer-{number}@example.com" for number in range(KEYS)],
    }
    salts = [*SALTS[:4], ""]
    tests = len(kinds) * len(salts)
    for kind, keys in kinds.items():
        for salt in salts:
            counts = np.bincount(Routing(salt, single, {}).assign_many(keys), minlength=10_000)
            statistic = float(((counts - KEYS / 10_000) ** 2).sum() / (KEYS / 10_000))
            chance = chi_square_tail(statistic, 9_999)
            # One in a thousand for all together, on either side: exactly as many keys in each bucket would be no chance either.
            kept = 0.0005 / tests < chance < 1 - 0.0005 / tests
            row(report, "even over the buckets", f"{kind}, salt '{salt}'", statistic, 9_999.0, f"p = {chance:.3f}", kept=kept)


def chi_square_tail(statistic: float, freedom: int) -> float:
    """The chance of a larger chi-square, after Wilson and Hilferty (1931): to three digits for as many degrees of freedom as here."""
    variance = 2 / (9 * freedom)
    return math.erfc(((statistic / freedom) ** (1 / 3) - 1 + variance) / math.sqrt(2 * variance)) / 2


def small_ids(report: Report) -> None:
    """Few customers with small ids: their share in a variant over 1,000 salts, and how it scatters from salt to salt."""
    ids, ranges = np.arange(1, 51), split(0.9, 0.1)
    shares = np.array([Routing(salt, ranges, {}).assign_many(ids).mean() for salt in SALTS])
    error = math.sqrt(0.1 * 0.9 / 50)
    case = f"ids 1 to 50, {len(SALTS):,} salts"
    near(report, "a variant of 10 %, mean", case, float(shares.mean()), 0.1, error / math.sqrt(len(SALTS)))
    near(report, "a variant of 10 %, scatter", case, float(shares.std(ddof=1)), error, error / math.sqrt(2 * len(SALTS)))


def canary(report: Report) -> None:
    """A variant of 0.5 % gets 0.5 %, and what it gets from a hash modulo 100 without a salt."""
    keys, ranges, salts = np.arange(1, KEYS + 1), split(0.995, 0.005), SALTS[:20]
    shares = np.array([Routing(salt, ranges, {}).assign_many(keys).mean() for salt in salts])
    error = math.sqrt(0.005 * 0.995 / KEYS)
    near(report, "a variant of 0.5 %", f"one salt, '{salts[0]}'", float(shares[0]), 0.005, error)
    near(report, "a variant of 0.5 %", f"mean of {len(salts)} salts", float(shares.mean()), 0.005, error / math.sqrt(len(salts)))
    got = sum(modulo_100(str(key)) >= 99.5 for key in range(1, 100_001)) / 100_000
    report.add(question="a variant of 0.5 %", case="abs(h % 100), for comparison", found=got, expected=0.005, limit="", kept=None)


def modulo_100(text: str) -> int:
    """The bucket of a key, of 100, as it is often written: a string's hash in 32 bits, modulo 100."""
    value = 0
    for letter in text:
        value = (value * 31 + ord(letter)) & 0xFFFFFFFF
    signed = value - 2**32 if value >= 2**31 else value
    return abs(int(math.fmod(signed, 100)))


def independence(report: Report) -> None:
    """Mutual information of two experiments on the same keys, in nats, beside what chance leaves of it: (r - 1)(c - 1) / 2n."""
    keys, pairs = np.arange(1, 100_001), 100
    for variants in (2, 4):
        ranges = split(*[1 / variants] * variants)
        # Salts that people choose: they differ in their last letters alone.
        assigned = [Routing(f"experiment-{number}", ranges, {}).assign_many(keys) for number in range(pairs + 1)]
        found = [mutual_information(one, other, variants) for one, other in pairwise(assigned)]
        freedom = (variants - 1) ** 2
        scale = 2 * len(keys)
        error = math.sqrt(2 * freedom / pairs) / scale
        case = f"{variants} x {variants} variants, {pairs} pairs of {len(keys):,} keys"
        near(report, "two experiments share, nats", case, float(np.mean(found)), freedom / scale, error)
    alike = mutual_information(assigned[0], assigned[0], variants)
    report.add(
        question="two experiments share, nats", case="without a salt, for comparison", found=alike, expected=0.0, limit="", kept=None
    )


def mutual_information(one: NDArray[np.int16], other: NDArray[np.int16], variants: int) -> float:
    """What one assignment tells of another, in nats."""
    joint = np.bincount(one.astype(np.int64) * variants + other, minlength=variants**2).reshape(variants, variants) / len(one)
    product = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
    seen = joint > 0
    return float((joint[seen] * np.log(joint[seen] / product[seen])).sum())


def ramps(report: Report) -> None:
    """Who moves when a treatment is raised, and when a third variant is added."""
    keys = np.arange(1, KEYS + 1)
    ten = split(0.9, 0.1)
    twenty = reallocate(ten, largest_remainder([0.8, 0.2]))
    three = reallocate(twenty, largest_remainder([0.7, 0.2, 0.1]))
    before, raised, third = (Routing(SALTS[0], ranges, {}).assign_many(keys) for ranges in (ten, twenty, three))
    error = math.sqrt(0.1 * 0.9 / KEYS)
    for case, old, new in (("10 % to 20 %", before, raised), ("a third variant of 10 %", raised, third)):
        left = int(np.count_nonzero((old != new) & (old != 0)))
        row(report, "keys that leave a treatment", case, left, 0, "none", kept=left == 0)
        near(report, "share of keys that move", case, float((old != new).mean()), 0.1, error)


def near(report: Report, question: str, case: str, found: float, expected: float, error: float) -> None:
    """A row whose promise is ``expected``, give or take three standard errors."""
    row(report, question, case, found, expected, f"{(found - expected) / error:+.1f} sigma", kept=abs(found - expected) <= 3 * error)


def row(report: Report, question: str, case: str, found: float, expected: float, limit: str, *, kept: bool) -> None:
    """A row, and its promise."""
    report.add(question=question, case=case, found=found, expected=expected, limit=limit, kept=kept)
    report.expect(f"{question}, {case}: {found} where {expected} is expected ({limit})", kept=kept)


def speeds(report: Report, seconds: float) -> None:
    """What an assignment costs by the kind of key: one by one, in a batch, and in Python."""
    ranges, source = split(0.9, 0.1), np.random.default_rng(2)
    routing = Routing(SALTS[0], ranges, {})
    integers = source.integers(1, 10_000_000, 10_000)
    kinds: dict[str, Keys] = {
        "int": integers.tolist(),
        "str": [f"customer-{number}" for number in integers],
        "UUID": [uuid.UUID(bytes=source.bytes(16)) for _ in range(10_000)],
        "two ints": [(int(number), 7) for number in integers],
        "NumPy int64": integers,
    }
    for kind, keys in kinds.items():
        calls = (
            partial(each, routing.assign, keys),
            partial(routing.assign_many, keys),
            partial(each, partial(in_python, SALTS[0], ranges), keys),
        )
        alone, batch, python = (fastest(seconds, call) for call in calls)
        figures = [round(taken / len(keys) * 1e9) for taken in (alone, batch, python)]
        report.add(keys=kind, assign=figures[0], assign_many=figures[1], python=figures[2], times=round(figures[2] / figures[1]))
        report.expect(f"{kind}: an assignment is faster than in Python", kept=figures[0] < figures[2] and figures[1] < figures[2])


def each(function: Callable[[object], object], keys: Iterable[object]) -> None:
    """Call ``function`` with each of ``keys``."""
    for key in keys:
        function(key)


def fastest(seconds: float, function: Callable[[], object]) -> float:
    """The seconds of the fastest call, of as many as fit into ``seconds``, and at least three."""
    taken: list[float] = []
    while len(taken) < 3 or sum(taken) < seconds:
        started = time.perf_counter()
        function()
        taken.append(time.perf_counter() - started)
    return min(taken)


def in_python(salt: str, ranges: Ranges, key: object) -> int:
    """The variant of ``key``, by the hash as one writes it in Python."""
    text = "|".join(map(str, key)) if isinstance(key, tuple) else str(key)
    number = fnv1a32(str(fnv1a32(salt + text))) % 10_000
    return next(variant for variant, pairs in enumerate(ranges) for start, end in pairs if start <= number < end)


def fnv1a32(text: str) -> int:
    """FNV-1a of 32 bits."""
    value = 0x811C9DC5
    for letter in text:
        value = ((value ^ ord(letter)) * 0x01000193) % 2**32
    return value


if __name__ == "__main__":
    sys.exit(main())
