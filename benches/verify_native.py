"""Native evaluation against ONNX Runtime on the same graph, and against the model's own library: a line for every model.

Each model predicts every row held out, rows at and beside its thresholds and, where it takes them, rows with gaps; at the best instruction
set of this machine and at each lower one; alone and in batches of several sizes. ``from_onnx`` and ``from_library`` are the largest
distances of a probability (of a regression: in parts of the largest number, or of one). A label that flips, other bits in another batch
or at another instruction set, and a distance above 1e-6 from ONNX Runtime are promises broken, exit code 1.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benches.native_cases import Case, shaped, usual
from benches.native_edges import beside_thresholds, with_gaps
from benches.peer_contenders import FORCED, forced
from benches.peer_data import TABLES, Table
from benches.peer_models import Model, train
from benches.report import Report, arguments
from prisml import Engine
from prisml.errors import EncodingError, PrisMLError

SIZES = (1, 2, 7, 64, 1_000)
NEAR = 1e-6
_TIE = 1e-5
_ONE_BY_ONE = 5_000
_EDGES = 3_000


def main() -> int:
    """The exit code: 1 where a promise is broken."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--quick", action="store_true", help="fewer and smaller models, fewer rows")
    parser.add_argument("--data", action="append", choices=TABLES, help="only this data set; may be given again")
    parser.add_argument("--kind", action="append", metavar="NAME", help="only models of this kind; may be given again")
    options = parser.parse_args()
    report = Report("Native evaluation, ONNX Runtime and the model's own library on the same rows")
    for data in options.data or TABLES:
        table = TABLES[data](*((2_000, 2_000) if options.quick else (20_000, 100_000)))
        for case in _cases(data, quick=options.quick):
            if options.kind and case.kind not in options.kind:
                continue
            started = time.perf_counter()
            try:
                _Judge(report, case, train(case.kind, table, case.task, case.params)).judge()
            except PrisMLError as error:
                # The others are judged all the same.
                report.expect(f"{data}, {case.title}, {case.task}: is trained and served ({error.message})", kept=False)
            print(f"{data}, {case.title}, {case.task}: {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)
        _refuses_infinity(report, table)
    return report.finish(options.json)


def _cases(data: str, *, quick: bool) -> Iterator[Case]:
    yield from usual(quick=quick)
    if data == "synthetic":
        yield from shaped(quick=quick)


@dataclass(eq=False)
class _Judge:
    """One model, by every engine that can be made of it."""

    report: Report
    case: Case
    model: Model

    def judge(self) -> None:
        """Its line in the report."""
        model, table = self.model, self.model.table
        held = table.matrix[~table.train]
        inputs = list(enumerate(model.artifact.manifest.inputs))
        # A category has its codes and nothing between them.
        moved = [place for place, item in inputs if item.kind == "number"]
        gaps = [place for place, item in inputs if item.missing == "nan"]
        edges = beside_thresholds(model.artifact.onnx, held, moved, count=_EDGES), with_gaps(held, gaps, count=_EDGES)
        matrix = np.ascontiguousarray(np.concatenate([held, *edges]))
        reference = numbers(forced(model, PRISML_SCORER="onnx"), matrix)
        engine = Engine.from_artifact(model.artifact)
        found = numbers(engine, matrix)
        library = model.predict(held)
        self.report.add(
            data=table.name,
            model=self.case.title,
            task=self.case.task,
            scorer=scorer_of(engine),
            rows=len(held),
            edge_rows=len(matrix) - len(held),
            from_onnx=self._apart(found, reference),
            flips=self._flips(found, reference),
            from_library=self._apart(found[: len(held)], library),
            library_flips=self._flips(found[: len(held)], library),
            onnx_from_library=self._apart(reference[: len(held)], library),
            **self._other_bits(engine, matrix, found),
        )
        self._expect()

    def _expect(self) -> None:
        line, what = self.report.rows[-1], f"{self.model.table.name}, {self.case.title}, {self.case.task}"
        # With a thousand trees it is ONNX Runtime's own sums, of float32, that are far: the columns about the library show it.
        self.report.expect(f"{what}: within {NEAR} of ONNX Runtime", kept=bool(line["from_onnx"] <= NEAR))  # type: ignore[operator]
        self.report.expect(f"{what}: no label flips", kept=not line["flips"] and not line["library_flips"])
        if line["scorer"] != "onnxruntime":
            same = not any(count for name, count in line.items() if name.startswith("bits_"))
            self.report.expect(f"{what}: the same bits alone, in every batch and at every instruction set", kept=same)

    def _other_bits(self, engine: Engine, matrix: NDArray[np.float32], whole: NDArray[np.float64]) -> dict[str, int]:
        """How many rows have other bits than in the whole batch at the best instruction set."""
        found = {f"bits_{size}": 0 for size in SIZES}
        engines = {"best": engine, **{level: forced(self.model, PRISML_SIMD=level) for level in FORCED}}
        for level, lower in engines.items():
            found[f"bits_{level}"] = differing(numbers(lower, matrix), whole)
            for size in SIZES:
                rows = min(len(matrix), _ONE_BY_ONE * size)
                # The last rows too, where the edges are.
                part, wanted = matrix[-rows:], whole[-rows:]
                each = [numbers(lower, part[start : start + size]) for start in range(0, rows, size)]
                found[f"bits_{size}"] += differing(np.concatenate(each), wanted)
        return found

    def _apart(self, one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
        scale = max(1.0, float(np.abs(other).max())) if self.case.task == "regression" else 1.0
        return float(np.abs(one - other).max()) / scale

    def _flips(self, one: NDArray[np.float64], other: NDArray[np.float64]) -> int:
        """How many labels differ, ties apart."""
        if self.case.task == "regression":
            return 0
        if self.case.task == "binary":
            return int(np.count_nonzero(((one > 0.5) != (other > 0.5)) & (np.abs(other - 0.5) > _TIE)))
        first = np.sort(other, axis=1)
        return int(np.count_nonzero((one.argmax(axis=1) != other.argmax(axis=1)) & (first[:, -1] - first[:, -2] > _TIE)))


def numbers(engine: Engine, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
    """P(positive) or the number of each row, or each class's probability."""
    found = engine.predict_encoded(matrix)
    return np.asarray(found.probabilities if engine.manifest.task == "multiclass" else found.values, dtype=np.float64)


def scorer_of(engine: Engine) -> str:
    """What evaluates the engine's graph, and with which instructions where that is PrisML itself."""
    ask: Any = getattr(engine, "info", None)
    if ask is None:
        return "onnxruntime"
    info = ask()
    return str(info.instructions or info.scorer)


def differing(one: NDArray[np.float64], other: NDArray[np.float64]) -> int:
    """How many rows have any other bit."""
    different = one.view(np.int64) != other.view(np.int64)
    return int(np.count_nonzero(different if different.ndim == 1 else different.any(axis=1)))


def _refuses_infinity(report: Report, table: Table) -> None:
    engine = Engine.from_artifact(train("DT", table).artifact)
    row = dict(table.sample(1).rows[0])
    number = next(name for name in reversed(table.features) if name not in table.categories)
    for infinite in (float("inf"), float("-inf")):
        for ask in (engine.predict, lambda given: engine.predict_many([given, row])):
            try:
                ask({**row, number: infinite})
            except EncodingError:
                continue
            report.expect(f"{table.name}: an infinite number is refused", kept=False)


if __name__ == "__main__":
    sys.exit(main())
