"""``prisml check --retrain``: what drifted is trained anew through every gate, and nothing else is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from prisml.registry import Registry
from tests.support.console import digests, run, shop

OTHER = """
import shop
from prisml import define_model

ages = define_model(
    shop.Customer, output="leaves", name="ages", label=shop.Customer.churned, features={"age": shop.Customer.age}, algorithm="decision_tree"
)
"""
SHORTER = ("mapped_column(String(80))", "mapped_column(String(70))")


@pytest.fixture(scope="module")
def drifted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two trained models, of whom one reads the e-mail; afterwards the mapping of that was made shorter."""
    folder = shop(place := tmp_path_factory.mktemp("shop"), f"sqlite:///{place}/shop.db")
    (folder / "ages.py").write_text(OTHER)
    done = run(folder, "train", "shop.py:churn", "ages.py", "--quiet")
    assert done.returncode == 0, done.stderr
    fine = run(folder, "check", "shop.py:churn", "ages.py", "--retrain")
    assert (fine.returncode, fine.stdout.rstrip().endswith("Nothing drifted, so nothing was trained.")) == (0, True), fine.stdout
    model = (folder / "shop.py").read_text()
    assert SHORTER[0] in model
    (folder / "shop.py").write_text(model.replace(*SHORTER))
    return folder


def check(folder: Path, *words: str, **variables: str) -> tuple[int, dict[str, Any]]:
    """The exit code and the document of ``prisml check`` on both models."""
    done = run(folder, "check", "shop.py:churn", "ages.py", "--json", *words, **variables)
    document: dict[str, Any] = json.loads(done.stdout)
    return done.returncode, document


def test_what_drifted_is_trained_and_the_rest_is_left_alone(drifted: Path):
    """Only the model whose column drifted is trained: a gate that says no publishes nothing, else its new version serves."""
    code, document = check(drifted)
    assert (code, [each["drifted"] for each in document["models"]], "retrained" in document) == (1, [True, False], False)
    (told,) = [each for each in document["models"][0]["checks"] if each["drifted"] and each["subject"].startswith("column")]
    assert (told["subject"], told["features"]) == ("column customer.email", ["domain"])
    before = digests(drifted), digests(drifted, "ages")
    code, document = check(drifted, "--retrain", SHOP_GATE="0.999")
    assert (code, document["retrained"][0]["status"]) == (1, "gate_failed")
    assert (digests(drifted), digests(drifted, "ages")) == before
    code, document = check(drifted, "--retrain")
    assert code == 0
    assert [(each["model"], each["status"], each["version"]) for each in document["retrained"]] == [("churn", "published", 2)]
    assert digests(drifted, "ages") == before[1]
    assert [(number, active) for number, _, active in digests(drifted)] == [(1, False), (2, True)]
    assert Registry(f"sqlite:///{drifted}/.prisml/registry.db").active("churn").note == "retrained: what it reads drifted"
    assert check(drifted)[0] == 0
