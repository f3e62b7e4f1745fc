"""Where a gate's bounds begin and end, what a refused one says whole, and what becomes of its slice."""

from __future__ import annotations

import math

import pytest
from sqlalchemy import inspect

from prisml.definition import Gate, define_model, related
from prisml.definition.gates import METRICS, Related, check_gates
from prisml.definition.place import Place
from prisml.errors import DefinitionError
from tests.support.shop import Account, Customer

BASELINE = {"better_than": "baseline"}
ACTIVE = {"not_worse_than": "active"}
SLICE = {"slice": Customer.city}


def define(**given):
    """A definition that is right but for what is given."""
    return define_model(Customer, **{"output": "p", "label": Customer.churned, "features": {"age": Customer.age}, **given})


@pytest.mark.parametrize(
    ("metric", "given"),
    [
        ("accuracy", {"min": 0}),
        ("accuracy", {"min": 1}),
        ("accuracy", {"max": 0}),
        ("r2", {"min": -2.5}),
        ("log_loss", {"max": 3}),
        ("brier", {"max": 0}),
        ("mae", {"max": 12.0}),
        ("accuracy", {**BASELINE, "by": 0}),
        ("accuracy", {**BASELINE, "by": 0.999}),
        ("accuracy", {**ACTIVE, "by": 0.5}),
        ("log_loss", {**ACTIVE, "by": 1}),
        ("mae", {**BASELINE, "by": 40}),
        ("accuracy", {"min": 0.3, "confidence": 0.5}),
        ("accuracy", {"min": 0.3, "confidence": 0.999}),
        ("accuracy", {"min": 0.3, **SLICE, "min_rows": 1}),
        ("accuracy", {"min": 0.3, **SLICE, "min_rows": 2}),
        ("p99_ms", {"max": 0.001}),
        ("size_mb", {"max": 1}),
    ],
)
def test_what_lies_at_an_end_is_taken(metric, given):
    """A bound that some model keeps and some other does not is one, up to the last."""
    gate = Gate(metric, **given)
    assert {name: getattr(gate, name) for name in given} == given


SHARE = "Give a share, not a percentage: 0.75 for 75 %."
CONFIDENCE = "has a confidence= that is no share from 0.5 up to 1"
ONE = ("needs exactly one of min=, max=, better_than= and not_worse_than=", "Give one gate for each condition.")


@pytest.mark.parametrize(
    ("metric", "given", "said", "way"),
    [
        ("accuracy", {}, *ONE),
        ("accuracy", {"min": 0.1, **ACTIVE}, *ONE),
        ("accuracy", {"better_than": "active"}, "compares with what is not known", 'Write better_than="baseline".'),
        ("accuracy", {"not_worse_than": "baseline"}, "compares with what is not known", 'Write not_worse_than="active".'),
        ("p99_ms", {"min": 1}, "takes max= alone", "Write Gate('p99_ms', max=10)."),
        *(
            ("p99_ms", {"max": 1, **more}, "is measured once, and takes no by=, slice=, min_rows= or confidence=", "Leave them out.")
            for more in ({"by": 0.1}, SLICE, {"min_rows": 9}, {"confidence": 0.9})
        ),
        ("size_mb", {"max": 0}, "has a max= of 0, below which no model is", "Write Gate('size_mb', max=10)."),
        ("p99_ms", {"max": -0.5}, "has a max= of -0.5, below which no model is", "Write Gate('p99_ms', max=10)."),
        ("accuracy", {"min": 0.3, "by": 0.1}, "has a by=, which is for comparisons", "Give it with better_than= or not_worse_than=."),
        (
            "accuracy",
            {**ACTIVE, "by": -0.001},
            "has a by= below 0",
            'Give 0 or more: by=0.01 beside not_worse_than="active" allows 0.01 less.',
        ),
        *(
            (
                "accuracy",
                {**way, "by": by},
                f"has a by= of {by:g}, and accuracy lies between 0 and 1",
                "Give a share: 0.01 for one hundredth.",
            )
            for way in (BASELINE, ACTIVE)
            for by in (1, 1.5)
        ),
        ("accuracy", {"min": 0.3, "min_rows": 9}, "has a min_rows=, which is for slices", "Give it with slice=."),
        *(
            (
                "accuracy",
                {"min": 0.3, **SLICE, "min_rows": rows},
                "has a min_rows= that is no count",
                "Give a whole number of rows, 1 or more.",
            )
            for rows in (0, -1, True, 2.0, "9")
        ),
        *(
            ("accuracy", {"min": 0.3, "confidence": sure}, CONFIDENCE, "Give a share, not a percentage: confidence=0.95.")
            for sure in (0.49, 1, 1.5, 95, True, "0.9", math.nan)
        ),
    ],
)
def test_a_gate_that_is_none_is_refused_by_its_metric(metric, given, said, way):
    """With what is wrong, the way out, and the metric for programs."""
    with pytest.raises(DefinitionError) as caught:
        Gate(metric, **given)
    assert (caught.value.message, caught.value.suggestions) == (f"The gate on {metric} {said}.", (way,))
    assert caught.value.context == {"metric": metric}


@pytest.mark.parametrize(
    ("metric", "given", "message", "way"),
    [
        ("accuracy", {"min": "high"}, "The min= of the gate on accuracy is a str.", "Give a number: min=0.75."),
        ("accuracy", {"max": True}, "The max= of the gate on accuracy is a bool.", "Give a number: max=0.75."),
        ("mae", {"max": math.inf}, "The max= of the gate on mae is not finite.", "Give a number: max=0.75."),
        ("p99_ms", {"max": "1"}, "The max= of the gate on p99_ms is a str.", "Give a number: max=0.75."),
        ("accuracy", {**BASELINE, "by": "much"}, "The by= of the gate on accuracy is a str.", "Give a number: by=0.75."),
        ("accuracy", {"min": 1.5}, "The min= of the gate on accuracy is 1.5, and accuracy lies between 0 and 1.", SHARE),
        ("brier", {"max": -0.5}, "The max= of the gate on brier is -0.5, and brier lies between 0 and 1.", SHARE),
        (
            "log_loss",
            {"min": 0.3},
            "The gate on log_loss has a min=, and log_loss is better the lower it is.",
            "Write Gate('log_loss', max=0.3).",
        ),
    ],
)
def test_a_bound_that_is_none_is_refused_by_its_side(metric, given, message, way):
    """With the type or the number that was given, and the way out."""
    with pytest.raises(DefinitionError) as caught:
        Gate(metric, **given)
    assert (caught.value.message, caught.value.suggestions, caught.value.context) == (message, (way,), {"metric": metric})


def test_an_unknown_metric_is_named_as_it_was_written():
    """In the message and for programs, beside the one that is meant."""
    with pytest.raises(DefinitionError) as caught:
        Gate("roc_acu", min=0.7)
    assert caught.value.message == "The gate's metric 'roc_acu' is not known."
    assert caught.value.context == {"metric": "'roc_acu'"}
    assert "Did you mean 'roc_auc'?" in caught.value.suggestions[0]


@pytest.mark.parametrize("task", METRICS)
def test_every_task_has_its_metrics_and_both_measures(task):
    """And none of another task's."""
    place, mapper = Place("Customer", "p"), inspect(Customer)
    measures = [Gate("p99_ms", max=9), Gate("size_mb", max=9)]
    own = [Gate(metric, better_than="baseline") for metric in METRICS[task]]
    assert check_gates(place, mapper, [*own, *measures], task) == (*own, *measures)
    for metric in {name for each in METRICS.values() for name in each} - set(METRICS[task]):
        with pytest.raises(DefinitionError, match=f"the gate on {metric} does not fit a {task} task, which has no such metric"):
            check_gates(place, mapper, [Gate(metric, better_than="baseline")], task)


@pytest.mark.parametrize("city", [Customer.city, Customer.__table__.c.city])
def test_a_slice_is_the_mapped_column_whichever_way_it_was_written(city):
    """The attribute or the table's column; training reads the attribute, and all else of the gate stays."""
    (gate,) = define(gates=[Gate("f1", min=0.3, slice=city, min_rows=7, confidence=0.9)]).gates
    # Columns compare to SQL.
    assert gate.slice is Customer.city
    assert (gate.slice_path, gate.sliced, gate.min, gate.least_rows, gate.confidence) == (("city",), "city", 0.3, 7, 0.9)


@pytest.mark.parametrize("segment", [Account.segment, Account.__table__.c.segment])
def test_a_slice_over_a_relationship_is_its_mapped_column(segment):
    """By the relationship that leads there; a gate without a slice has no path."""
    (gate,) = define(gates=[Gate("f1", min=0.3, slice=related(Customer.account, segment))]).gates
    assert isinstance(gate.slice, Related)
    assert gate.slice.relationship is Customer.account
    assert gate.slice.column is Account.segment
    assert (gate.slice_path, gate.sliced, gate.min, gate.least_rows) == (("account", "segment"), "account.segment", 0.3, 100)
    assert define(gates=[Gate("f1", min=0.3)]).gates[0].slice_path == ()


def test_a_slice_over_a_relationship_is_held_to_what_it_leads_to():
    """A column of another class or of many rows is refused with the gate's name."""
    with pytest.raises(DefinitionError, match="the slice of the gate on f1 goes by credit, a"):
        define(gates=[Gate("f1", min=0.3, slice=related(Customer.account, Account.credit))])
    with pytest.raises(DefinitionError, match="the slice of the gate on f1"):
        define(gates=[Gate("f1", min=0.3, slice=related(Customer.account, Customer.city))])


def test_gates_differ_by_their_slices_alone():
    """By the path, since two columns compare to SQL."""
    sliced = Gate("f1", min=0.3, slice=Customer.city)
    assert sliced == Gate("f1", min=0.3, slice=Customer.city)
    assert len({sliced._path, Gate("f1", min=0.3)._path, Gate("f1", min=0.3, slice=Customer.member)._path}) == 3
    over = Gate("f1", min=0.3, slice=related(Customer.account, Account.segment))
    assert (sliced._path, over._path, Gate("f1", min=0.3)._path) == (("city",), ("account", "segment"), ())


@pytest.mark.parametrize(
    ("gates", "named"), [(3, "an int"), ({"f1": 0.3}, "a dict"), (frozenset(), "a frozenset"), (Gate("f1", min=0.3), "a Gate")]
)
def test_gates_stand_in_a_list(gates, named):
    """What has no order, or is no collection, is refused by its type; a tuple is as good."""
    with pytest.raises(DefinitionError) as caught:
        define(gates=gates)
    assert caught.value.message == f"Customer.p: gates takes a list of gates, not {named}."
    assert define(gates=(Gate("f1", min=0.3),)).gates == (Gate("f1", min=0.3),)


def test_a_metric_of_another_task_is_answered_with_the_one_that_is_meant():
    """As a misspelt one is."""
    with pytest.raises(DefinitionError) as caught:
        define(gates=[Gate("roc_auc_ovr", min=0.7)])
    assert "Did you mean 'roc_auc'?" in caught.value.suggestions[0]


def test_what_is_no_column_still_tells_gates_apart():
    """It is refused with the definition, which knows the entity; until then it is itself."""
    assert Gate("f1", min=0.3, slice="city") == Gate("f1", min=0.3, slice="city") != Gate("f1", min=0.3, slice="plan")
    with pytest.raises(DefinitionError, match="the slice of the gate on f1"):
        define(gates=[Gate("f1", min=0.3, slice="city")])
