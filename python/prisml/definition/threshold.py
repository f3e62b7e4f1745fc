"""Where a binary model's label turns positive: a probability, or a rule by which one is chosen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from prisml.definition.given import is_number, is_word, shown
from prisml.definition.place import Place
from prisml.errors import DefinitionError
from prisml.manifest import Task

DEFAULT_THRESHOLD = 0.5


@dataclass(frozen=True)
class Cost:
    """The threshold whose mistakes cost least: each false positive ``fp``, each false negative ``fn``, in any unit.

    ``Cost(fp=1, fn=5)``: to miss one is as bad as five false alarms. What is right costs nothing. Raises ``DefinitionError`` where a cost
    is negative or no number, or both are 0.
    """

    fp: float = field(kw_only=True)
    fn: float = field(kw_only=True)

    def __post_init__(self) -> None:
        for name, cost in (("fp", self.fp), ("fn", self.fn)):
            if not is_number(cost) or cost < 0:
                raise _refused(f"The {name}= of Cost is {shown(cost)}.", "Give what such a mistake costs: Cost(fp=1, fn=5).")
        if not self.fp and not self.fn:
            raise _refused("Both mistakes of Cost are free, so that every threshold is as good.", "Write Cost(fp=1, fn=5), say.")


@dataclass(frozen=True)
class Precision:
    """The threshold that finds most positives of those at which at least the share ``least`` of what is called positive is positive.

    Raises ``DefinitionError`` where ``least`` is no share between 0 and 1.
    """

    least: float

    def __post_init__(self) -> None:
        _check_share("Precision", self.least)


@dataclass(frozen=True)
class Recall:
    """The threshold with the highest precision of those at which at least the share ``least`` of the positives is found.

    Raises ``DefinitionError`` where ``least`` is no share between 0 and 1.
    """

    least: float

    def __post_init__(self) -> None:
        _check_share("Recall", self.least)


Rule = Literal["f1"] | Cost | Precision | Recall
"""What a threshold is chosen by."""


def read_threshold(place: Place, given: object, task: Task) -> tuple[float, Rule | None]:
    """The threshold, and the rule by which training is to choose another; ``DefinitionError`` where it is neither."""
    here = place.of("threshold")
    if is_word(given, "f1") or isinstance(given, Cost | Precision | Recall):
        rule: Rule = given if isinstance(given, Cost | Precision | Recall) else "f1"
        if task != "binary":
            raise here.error(f"is to be chosen for a {task} task", "Leave it out: only a binary model has one.")
        return DEFAULT_THRESHOLD, rule
    if not is_number(given) or not 0 < given < 1:
        raise here.error(
            "is no probability between 0 and 1, and no rule to choose one by",
            'Give a number such as 0.5, or "f1", Cost(fp=1, fn=5), Precision(0.9) or Recall(0.9).',
        )
    if task != "binary" and given != DEFAULT_THRESHOLD:
        raise here.error(f"is given for a {task} task", "Leave it out: only a binary model has one.")
    return float(given), None


def _check_share(rule: str, least: object) -> None:
    if not is_number(least) or not 0 < least <= 1:
        raise _refused(f"The share of {rule} is {shown(least)}.", f"Give a share, not a percentage: {rule}(0.9) for 90 %.")


def _refused(message: str, way_out: str) -> DefinitionError:
    return DefinitionError(message, {"parameter": "threshold"}, [way_out])
