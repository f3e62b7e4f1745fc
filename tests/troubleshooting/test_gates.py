"""Entries about gates and parity: each is provoked, cured as the guide says, and works then."""

from __future__ import annotations

from sqlalchemy import text

from prisml import Gate
from prisml.commands.train import train
from prisml.registry import Registry
from prisml.serving.foreign import register
from tests.support import foreign
from tests.support.guide import refused
from tests.support.troubles import Customer, model, trained


def verdict(definition, shop, registry):
    """Of one gate, what was wanted, what was found and why; whether it was passed."""
    candidate = train(definition, database=shop, registry=registry).candidate
    assert candidate is not None
    (found,) = candidate.verdicts
    return found


def test_gate_not_passed(told, shop, empty: Registry):
    """With a bound that the model reaches it is published."""
    told(train(model(gates=[Gate("accuracy", min=0.999)]), database=shop, registry=empty).refusal())
    assert trained(model(gates=[Gate("accuracy", min=0.7)]), shop, empty).manifest.gates[0].passed


def test_gate_decided_by_its_end(told, shop, empty: Registry):
    """With a confidence the end of the interval decides, which more rows in the hold-out bring nearer."""
    value = trained(model(), shop, empty).manifest.metrics["accuracy"].value
    strict = Gate("accuracy", min=value - 0.01, confidence=0.95)
    told(train(model(gates=[strict]), database=shop, registry=empty).refusal())
    assert trained(model(gates=[Gate("accuracy", min=value - 0.01)]), shop, empty).manifest.gates[0].passed


def test_accuracy_of_a_guess(told, shop, empty: Registry):
    """A gate beside the baseline is not passed by a model that says "no" to everybody."""
    with shop.begin() as connection:
        connection.execute(text("UPDATE customers SET churned = id % 11 = 0"))
    features = {"spent": Customer.spent}
    blind = trained(model(features, min_accuracy=0.9), shop, empty).manifest
    assert blind.metrics["accuracy"].value <= blind.baseline["accuracy"]
    assert not verdict(model(features, gates=[Gate("roc_auc", better_than="baseline", confidence=0.95)]), shop, empty).passed


def test_nothing_to_be_worse_than(told, shop, empty: Registry):
    """The first training has no rival, and the second is compared with the first."""
    definition = model(gates=[Gate("roc_auc", not_worse_than="active", by=0.05)])
    first = verdict(definition, shop, empty)
    told(first.reason)
    second = verdict(definition, shop, empty)
    assert (first.passed, second.passed) == (True, True)
    assert second.reason != first.reason


def test_active_cannot_be_compared(told, shop, empty: Registry):
    """Without the gate for one training, the new version is published, and is what the next is compared with."""
    trained(model(label=Customer.grade, task="multiclass"), shop, empty)
    gates = [Gate("log_loss", not_worse_than="active", by=0.5)]
    told(verdict(model(gates=gates), shop, empty).reason)
    trained(model(), shop, empty)
    assert verdict(model(gates=gates), shop, empty).passed


def test_golden_rows_differ(told, empty: Registry):
    """A graph is registered by a definition whose features stand in the order of its columns."""
    pipeline, graph = foreign.logistic()
    rows, columns = foreign.golden(pipeline), foreign.NUMBERS
    turned = foreign.model(dict(reversed(columns.items())))
    told(refused(lambda: register(empty, turned, graph.SerializeToString(), rows)))
    assert register(empty, foreign.model(columns), graph.SerializeToString(), rows).number == 1
