"""What every guard found, in one error, or waived."""

from __future__ import annotations

from typing import Any

from prisml.definition.identifiers import find_identifiers
from prisml.definition.leaks import Leak
from prisml.definition.leaks import refuse_leaks as refuse
from prisml.definition.model import ModelDefinition
from prisml.extraction.stream import Extracted
from prisml.training.leakage.guard import find_leaks
from prisml.training.parts import Data


def refuse_leaks(definition: ModelDefinition[Any], extracted: Extracted, data: Data) -> tuple[str, ...]:
    """What was found and waived; every guard is judged before the error of what was not."""
    of_data = find_leaks(
        data.inputs, data.train.matrix, data.train.target, task=definition.task, class_count=len(data.classes), seed=definition.seed
    )
    named = find_identifiers(definition)
    of_mapping = {leak.feature for leak in named}
    told_once = [leak for leak in of_data if leak.guard != "identifier" or leak.feature not in of_mapping]
    changed = [_changed_later(feature, share) for feature, share in extracted.changed_later.items()]
    return refuse([*named, *told_once, *data.leaks, *changed], definition.waive, model=definition.name)


def _changed_later(feature: str, share: float) -> Leak:
    return Leak(
        "changed_later",
        feature,
        f"shows the value of today, and {max(share, 0.001):.1%} of the rows it reads were changed after as_of",
        "Compute the value as it was then, from rows with times, or waive the guard where those changes never touch the column.",
    )
