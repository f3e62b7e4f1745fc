"""The campaign of ``make verify-gates``: gates whose verdict is known beforehand, each trained by the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benches.gates_planted import CASES, SHOP, Case, shop
from benches.verify_gates import try_out
from prisml.registry import Registry
from tests.support.console import prisml_with

KINDS = {
    *("min", "max", "better than baseline", "by", "confidence", "no active version", "not worse than active", "active reads more"),
    *("not comparable: a column", "not comparable: code", "not comparable: a task", "slice", "slice and active", "p99_ms", "size_mb"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the shop's database."""
    made = tmp_path_factory.mktemp("gates")
    shop(made)
    return made


@pytest.mark.parametrize(("number", "case"), tuple(enumerate(CASES)), ids=[f"{each.kind}-{each.passed}" for each in CASES])
def test_a_planted_gate_says_what_it_must(folder: Path, number: int, case: Case) -> None:
    """The exit code, the verdict and its reason; where it is not passed, nothing is published and what served serves on."""
    found = try_out(case, number, folder, f"sqlite:///{folder / 'shop.db'}")
    assert found.wrong_with(case) is None, found


def test_every_kind_of_gate_is_planted() -> None:
    """Those that can pass and fail, both ways."""
    assert {case.kind for case in CASES} == KINDS
    for kind in ("min", "max", "better than baseline", "by", "confidence", "not worse than active", "slice", "p99_ms", "size_mb"):
        assert {case.passed for case in CASES if case.kind == kind} == {True, False}


def train(folder: Path, module: str, *words: str) -> tuple[int, dict[str, object], str]:
    """``prisml train --json``: the exit code, the one model of the answer, and what stands on stderr."""
    url, registry = f"sqlite:///{folder / 'shop.db'}", f"sqlite:///{folder / 'unactivated.db'}"
    done = prisml_with("train", str(folder / module), "--database", url, "--registry", registry, "--json", *words)
    (model,) = json.loads(done.stdout)["models"]
    return done.exit_code, model, done.stderr


def test_with_no_activate_gates_compare_with_what_serves(folder: Path) -> None:
    """A version that only lies there is compared with nothing, and an equal training is the same version whatever it was compared with."""
    gate = 'Gate("accuracy", not_worse_than="active")'
    (folder / "tall.py").write_text(f"{SHOP}\ntall = model({gate}, features=POOR, name='tall')\n")
    (folder / "grown.py").write_text(f"{SHOP}\ngrown = model({gate}, name='tall')\n")
    registry = Registry(f"sqlite:///{folder / 'unactivated.db'}")

    code, first, _ = train(folder, "grown.py", "--no-activate")
    assert (code, first["version"], first["active"]) == (0, 1, None)
    code, poor, _ = train(folder, "tall.py")
    assert (code, poor["version"], poor["active"]) == (0, 2, 2)
    assert "no version serves yet" in poor["gates"][0]["reason"]  # type: ignore[index]

    code, again, _ = train(folder, "grown.py", "--no-activate")
    assert (code, again["version"], again["already_published"], again["active"]) == (0, 1, True, 2)
    assert "beside version 2" in again["gates"][0]["reason"]  # type: ignore[index]
    registry.activate("tall", 1)
    code, worse, told = train(folder, "tall.py", "--no-activate")
    assert (code, worse["version"], worse["active"], worse["status"]) == (1, None, 1, "gate_failed")
    assert "accuracy: wanted not worse than active" in told
    assert "; -0.3" in told
    assert [(each.number, each.active) for each in registry.versions("tall")] == [(1, True), (2, False)]


def test_all_gates_are_told_at_once(folder: Path) -> None:
    """The table and the error name each that was not passed, those that cannot be judged too."""
    gates = 'Gate("accuracy", min=0.99), Gate("size_mb", max=0.0001), Gate("f1", min=0.1), Gate("brier", max=0.9, slice=Customer.month)'
    (folder / "many.py").write_text(f"{SHOP}\nmany = model({gates}, name='many')\n")
    url, registry = f"sqlite:///{folder / 'shop.db'}", f"sqlite:///{folder / 'unactivated.db'}"
    done = prisml_with("train", str(folder / "many.py"), "--database", url, "--registry", registry)
    assert done.exit_code == 1
    assert "'many' did not pass 2 of its 4 gates: accuracy, size_mb. Nothing was published." in done.stderr
    for shown in (
        "gate",
        "wanted",
        "interval",
        "why",
        "brier by month",
        "Holds in all 2 slices judged",
        "<= 0.0001",
        "brier by month, <= 0.9",
        "may",
        "june",
    ):
        assert shown in done.stdout.replace("\n", " ")
