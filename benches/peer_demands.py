"""What is asked of the engine, as ratios inside one run, and whether they were reached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from benches.peer_contenders import OURS
from benches.peer_encoding import ARROW, DICTS, LOADED, TUPLES
from benches.peer_runs import Results

ONE_ROW: Mapping[str, float] = {"LR": 8, "GB": 6, "HGB": 4, "LGBM": 4, "XGB": 4, "RF": 4}
BATCH: Mapping[str, float] = {"LR": 3, "GB": 8, "HGB": 8, "LGBM": 8, "XGB": 4, "RF": 5}
BATCH_PEERS: Mapping[str, Mapping[str, float]] = {
    "daal4py": {"GB": 2.5, "HGB": 2.5, "LGBM": 2.5, "XGB": 1.2, "RF": 1.2},
    "lleaves": {"LGBM": 2.5},
    "ydf": {"GB": 1.5, "HGB": 1.5},
}
LOWER: Mapping[str, float] = {"avx2": 0.6, "plain": 0.4}
COMPILED = ("C by tl2cgen", "C by m2cgen")
BY_HAND = ("GB", "HGB", "RF")
LARGE = 100_000
NOT_NATIVE = 0.6


@dataclass(frozen=True)
class Verdict:
    """``what`` was to be ``wanted`` times as fast (None: only told), and is ``found`` times as fast."""

    what: str
    wanted: float | None
    found: float

    @property
    def reached(self) -> bool:
        """Whether nothing more was asked."""
        return self.wanted is None or self.found >= self.wanted


def verdicts(results: Results) -> list[Verdict]:
    """Every demand whose two sides were measured."""
    return [*_one_row(results), *_compiled(results), *_batches(results), *_mixed(results), *_encodings(results), *_not_native(results)]


def _one_row(results: Results) -> Iterator[Verdict]:
    for data, share in (("synthetic", 1.0), ("flights", 0.5)):
        for model, factor in ONE_ROW.items():
            ours, theirs = results.find(data, model, 1, OURS, "dict"), results.find(data, model, 1, "onnxruntime", "array")
            if ours is None or theirs is None:
                continue
            what = f"{data}, {model}: one dict, against onnxruntime with its array ready"
            yield Verdict(what, factor * share, theirs.median_us / ours.median_us)
            if ours.p99_us and theirs.p99_us:
                yield Verdict(f"{what}, p99", factor * share, theirs.p99_us / ours.p99_us)


def _compiled(results: Results) -> Iterator[Verdict]:
    for data in ("synthetic", "flights"):
        for model in ONE_ROW:
            ours = results.find(data, model, 1, OURS, "dict")
            for name in COMPILED:
                theirs = results.find(data, model, 1, name, "array")
                if ours is not None and theirs is not None:
                    wanted = None if model == "LR" else 1.0
                    yield Verdict(f"{data}, {model}: one dict, against {name} through ctypes", wanted, theirs.median_us / ours.median_us)


def _batches(results: Results) -> Iterator[Verdict]:
    peers = {"onnxruntime": BATCH, **BATCH_PEERS}
    for peer, factors in peers.items():
        for model, factor in factors.items():
            theirs = results.find("synthetic", model, LARGE, peer, "array")
            for level, share in (("", 1.0), *LOWER.items()):
                ours = results.find("synthetic", model, LARGE, f"{OURS}, {level}" if level else OURS, "array")
                if ours is not None and theirs is not None:
                    what = f"synthetic, {model}: {LARGE:,} rows as an array{level and f', {level}'}, against {peer}"
                    yield Verdict(what, factor * share, ours.rows_per_second / theirs.rows_per_second)
    for line in results.lines:
        if line.rows == 1_000 and line.contender == OURS and (single := results.find(line.data, line.model, 1, OURS, line.given)):
            what = f"{line.data}, {line.model}: 1,000 rows ({line.given}), against 1,000 single predictions of ours"
            yield Verdict(what, None, line.rows_per_second / single.rows_per_second)


def _mixed(results: Results) -> Iterator[Verdict]:
    """Flights from dicts to probabilities."""
    for model in ONE_ROW:
        for rows, factor in ((1, 6.0), (10_000, 3.0)):
            ours = results.find("flights", model, rows, OURS, "dict")
            for peer in ("onnxruntime", "scikit-learn, pipeline"):
                theirs = results.find("flights", model, rows, peer, "dict")
                if ours is not None and theirs is not None:
                    wanted = factor if peer == "onnxruntime" and model in BY_HAND else None
                    what = f"flights, {model}: {_counted(rows)}, against {peer} from dicts"
                    yield Verdict(what, wanted, theirs.median_us / ours.median_us)


def _encodings(results: Results) -> Iterator[Verdict]:
    """Times as fast: to take at most 0.6 of another's time is to be 1.67 times as fast."""
    found = results.encodings
    for ours, theirs, share in ((DICTS, TUPLES, 0.6), (LOADED, DICTS, 1.0), (ARROW, TUPLES, 0.1)):
        if ours in found and theirs in found:
            yield Verdict(f"flights: {ours} encoded, against {theirs}", 1 / share, found[theirs] / found[ours])


def _not_native(results: Results) -> Iterator[Verdict]:
    for data in ("synthetic", "flights"):
        ours, theirs = results.find(data, "MLP", 1, OURS, "dict"), results.find(data, "MLP", 1, "onnxruntime", "array")
        encoded = results.find(data, "MLP", 1, OURS, "array")
        if ours is None or theirs is None or encoded is None:
            continue
        what = f"{data}, MLP: one dict, against onnxruntime with its array ready"
        yield Verdict(what, 1 / NOT_NATIVE, theirs.median_us / ours.median_us)
        yield Verdict(f"{data}, MLP: one encoded row, against onnxruntime", None, theirs.median_us / encoded.median_us)


def _counted(rows: int) -> str:
    return "one dict" if rows == 1 else f"{rows:,} dicts"
