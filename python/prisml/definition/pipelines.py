"""A scikit-learn Pipeline as definitions see it: by the names of its steps' classes, without scikit-learn."""

from __future__ import annotations

from typing import Any

_PASS_NAN = ("MaxAbsScaler", "MinMaxScaler", "RobustScaler", "StandardScaler", "VarianceThreshold")
_FILL_NAN = ("SimpleImputer",)


def steps_of(learner: object) -> list[Any] | None:
    """The steps of a Pipeline, those of Pipelines in it among them; None where it is none."""
    if type(learner).__name__ != "Pipeline" or not hasattr(learner, "steps"):
        return None
    found: list[Any] = []
    for _, step in learner.steps:
        inner = steps_of(step)
        found += [step] if inner is None else inner
    return [step for step in found if step is not None and step != "passthrough"]


def fills_nan(steps: list[Any]) -> bool | None:
    """Whether ``steps`` fill what is missing; None where it passes through them, and False where one of them would refuse it."""
    for step in steps:
        name = type(step).__name__
        if name in _FILL_NAN:
            return True
        if name not in _PASS_NAN:
            return False
    return None
