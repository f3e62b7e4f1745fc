"""How much each class counts in fitting, and how probabilities are brought back to what they say: checked, and frozen."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Literal

from prisml.definition.given import is_number, is_word
from prisml.definition.place import Place
from prisml.errors import described
from prisml.manifest import ClassLabel, Task

DEFAULT_VALIDATION_SIZE = 0.2

Calibrate = Literal["sigmoid", "isotonic"]
ClassWeight = Literal["balanced"] | Mapping[ClassLabel, float]


def read_class_weight(place: Place, given: object, task: Task) -> ClassWeight | None:
    """``"balanced"``, or a read-only mapping from labels (an Enum's members by name) to weights; None for None.

    Whether each label has a weight is known only where the labels are read.
    """
    here = place.of("class_weight")
    if given is None:
        return None
    if task == "regression":
        raise here.error("is given for a regression, which has no classes", "Leave it out.")
    if is_word(given, "balanced"):
        return "balanced"
    if not isinstance(given, Mapping) or not given:
        raise here.error(f"is {described(given)}", 'Give "balanced", or a weight for each label: {False: 1, True: 10}.')
    weights: dict[ClassLabel, float] = {}
    for label, weight in given.items():
        if not isinstance(label, Enum | bool | int | str):
            raise here.error(f"has {described(label)} as a label", "Give a weight for each label: {False: 1, True: 10}.")
        if not is_number(weight) or weight <= 0:
            raise here.error("has a weight that is no number above 0", "Give a weight for each label: {False: 1, True: 10}.")
        weights[label.name if isinstance(label, Enum) else label] = float(weight)
    return MappingProxyType(weights)


def read_calibrate(place: Place, given: object, task: Task) -> Calibrate | None:
    """The method that probabilities are calibrated by; None for None."""
    here = place.of("calibrate")
    if given is None:
        return None
    if task == "regression":
        raise here.error("is given for a regression, which has no probabilities", "Leave it out.")
    if is_word(given, "sigmoid"):
        return "sigmoid"
    if is_word(given, "isotonic"):
        return "isotonic"
    raise here.error("is no method that is known", 'Write calibrate="sigmoid" (for few rows) or calibrate="isotonic" (from 1,000 on).')


def read_validation_size(place: Place, given: object) -> float:
    """The share of the training part that is kept from fitting where something is chosen by it."""
    if not is_number(given) or not 0 < given < 1:
        raise place.of("validation_size").error("is no share between 0 and 1", "Give a share of the training part: 0.2.")
    return float(given)
