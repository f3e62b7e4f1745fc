"""The race and the campaign of native evaluation, short and with what is always installed, so that neither rots."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benches.peer_contenders import OURS
from benches.peer_demands import verdicts
from benches.peer_page import draw
from benches.peer_results import read
from benches.peer_runs import ALWAYS, Line, Results

ROOT = Path(__file__).parents[2]


def run(module: str, *options: str) -> subprocess.CompletedProcess[str]:
    """A campaign as it is started by hand."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "python"), str(ROOT)]), "OMP_NUM_THREADS": "1"}
    return subprocess.run([sys.executable, "-m", module, *options], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def line(rows: int, contender: str, given: str, us: float, *, model: str = "GB", p99: float | None = None) -> Line:
    """What was measured of one contender, as far as demands look at it."""
    return Line("synthetic", model, rows, contender, given, us, us, p99, rows / us * 1e6, 50, 0.0)


def test_race_measures_and_compares_every_contender(tmp_path: Path) -> None:
    """Each way of PrisML and each peer that is always installed has its line, and all predict the same."""
    found = tmp_path / "found.json"
    done = run("benches.peers", "--quick", "--models", "LR", "HGB", "--sizes", "500", "--peers", *ALWAYS, "--json", str(found))
    assert done.returncode == 0, done.stdout + done.stderr
    results, document = read(found)
    assert not results.wrong
    for data in ("synthetic", "flights"):
        for model in ("LR", "HGB"):
            mine = [item for item in results.lines if (item.data, item.model) == (data, model)]
            ways = {(item.rows, item.given) for item in mine if item.contender == OURS}
            assert {(1, "dict"), (1, "object"), (1, "slots"), (1, "array"), (500, "dict"), (500, "array")} <= ways
            assert {"scikit-learn", "onnxruntime", f"{OURS}, avx2", f"{OURS}, plain"} <= {item.contender for item in mine}
            assert all(item.median_us > 0 and item.furthest is not None and item.furthest <= 1e-5 for item in mine)
    assert {"dicts", "loaded ORM objects"} <= results.encodings.keys()
    assert document["verdicts"]
    assert not {str(ROOT), str(tmp_path), os.uname().nodename} & set(json.dumps(document).split('"'))


def test_native_agrees_with_onnx_runtime_and_the_library(tmp_path: Path) -> None:
    """Decision trees and boosted ones of every shape that the short campaign has; the exit code says that every promise was kept."""
    found = tmp_path / "found.json"
    done = run(
        "benches.verify_native", "--quick", "--data", "synthetic", "--kind", "DT", "--kind", "HGB", "--kind", "LR", "--json", str(found)
    )
    assert done.returncode == 0, done.stdout + done.stderr
    rows = json.loads(found.read_text())["rows"]
    assert {row["task"] for row in rows} == {"binary", "multiclass", "regression"}
    assert all(row["flips"] == row["library_flips"] == 0 and row["rows"] >= 1_000 for row in rows)


@pytest.mark.parametrize(("ours", "reached"), [(2.0, True), (4.0, False)])
def test_demands_are_ratios_of_one_run(ours: float, reached: bool) -> None:
    """GB from one dict must be 6 times as fast as onnxruntime with its array ready, and its 99th percentile too."""
    results = Results([line(1, OURS, "dict", ours, p99=ours), line(1, "onnxruntime", "array", 18.0, p99=18.0)])
    assert [(verdict.wanted, verdict.found, verdict.reached) for verdict in verdicts(results)] == [(6.0, 18.0 / ours, reached)] * 2


def test_lower_instruction_sets_are_asked_less() -> None:
    """Six tenths of the factor with AVX2, four tenths in plain Rust."""
    ways = {OURS: 1000.0, f"{OURS}, avx2": 1250.0, f"{OURS}, plain": 2500.0}
    lines = [line(100_000, name, "array", us) for name, us in ways.items()]
    found = verdicts(Results([*lines, line(100_000, "onnxruntime", "array", 8000.0)]))
    assert [(verdict.wanted, verdict.found) for verdict in found] == [(8, 8.0), (pytest.approx(4.8), 6.4), (pytest.approx(3.2), 3.2)]


def test_one_that_predicts_something_else_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A peer with another model's answers is named, with how many rows and how far."""
    from benches import peer_runs
    from benches.peer_contenders import Contender
    from benches.peer_data import synthetic
    from benches.peer_models import train
    from benches.peer_race import CLOCKS
    from benches.peer_runs import PEERS, Effort

    def liar(model, sample):
        return [Contender("liar", "array", lambda given: given.matrix, lambda matrix: model.predict(matrix) + 0.25)]

    monkeypatch.setitem(PEERS, "liar", liar)
    results = Results()
    effort = Effort(peers=["liar"], blocks=1, sizes=[100], rounds=1, enough=0.0, clock=CLOCKS["cpu"])
    peer_runs.run(results, train("LR", synthetic(300, 300)), effort)
    assert results.wrong
    assert all("liar" in wrong and "2.5e-01" in wrong for wrong in results.wrong)


def test_plot_is_the_same_for_the_same_figures(tmp_path: Path) -> None:
    """The file changes where a figure does, and not else."""
    results = Results([line(rows, name, given, 5.0) for rows, name, given in ((1, OURS, "dict"), (100_000, "onnxruntime", "array"))])
    for name in ("one.svg", "other.svg"):
        draw(results, tmp_path / name)
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "other.svg").read_bytes()
