from __future__ import annotations

import pytest

from prisml import Cost, DefinitionError, Precision, Recall
from tests.support.training import visits


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"class_weight": "even"}, "class_weight is a str"),
        ({"class_weight": {}}, "class_weight is a dict"),
        ({"class_weight": {True: 0}}, "class_weight has a weight that is no number above 0"),
        ({"class_weight": {1.5: 2}}, "class_weight has a float as a label"),
        ({"calibrate": "platt"}, "calibrate is no method that is known"),
        ({"validation_size": 1}, "validation_size is no share between 0 and 1"),
        ({"threshold": "f2"}, "threshold is no probability between 0 and 1, and no rule"),
        ({"threshold": 0}, "threshold is no probability between 0 and 1, and no rule"),
        ({"threshold": True}, "threshold is no probability between 0 and 1, and no rule"),
    ],
)
def test_what_is_no_weight_method_or_rule_is_refused_by_name(options, message):
    """Before anything is read."""
    with pytest.raises(DefinitionError, match=message):
        visits(**options)


@pytest.mark.parametrize("options", [{"class_weight": "balanced"}, {"calibrate": "sigmoid"}, {"threshold": "f1"}])
def test_a_regression_has_none_of_them(options):
    """It has no classes and no probabilities."""
    with pytest.raises(DefinitionError, match=f"{next(iter(options))} is"):
        visits("regression", "ridge", **options)


def test_several_classes_have_no_threshold_to_choose():
    """The label is the likeliest class."""
    with pytest.raises(DefinitionError, match="to be chosen for a multiclass task"):
        visits("multiclass", threshold=Cost(fp=1, fn=2))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Cost(fp=-1, fn=2), "The fp= of Cost is -1"),
        (lambda: Cost(fp=1, fn=float("nan")), "The fn= of Cost is nan"),
        (lambda: Cost(fp=0, fn=0), "Both mistakes of Cost are free"),
        (lambda: Precision(90), "The share of Precision is 90"),
        (lambda: Precision(0), "The share of Precision is 0"),
        (lambda: Recall("0.9"), "The share of Recall is a str"),
    ],
)
def test_rules_are_checked_where_they_are_made(make, message):
    """A cost is a number, a share lies between 0 and 1."""
    with pytest.raises(DefinitionError, match=message):
        make()


def test_rules_are_frozen_values():
    """Equal ones are equal, and stand in the definition as they were given."""
    assert Cost(fp=1, fn=5) == Cost(fp=1.0, fn=5.0)
    assert visits(threshold=Recall(0.9)).threshold_rule == Recall(0.9)
    assert visits(threshold=0.3).threshold_rule is None
    assert (visits(threshold="f1").chooses, visits(calibrate="isotonic").chooses, visits(class_weight="balanced").chooses) == (
        True,
        True,
        False,
    )
