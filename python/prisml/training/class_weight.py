"""How much a row of each class counts in fitting."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prisml.definition.balance import ClassWeight
from prisml.errors import DefinitionError, TrainingError, described
from prisml.manifest import ClassLabel
from prisml.training.stages import final_of, is_pipeline

_BALANCED = ("balanced", "balanced_subsample")
"""What estimators have as words. Of a forest's sample for each tree, the weights of all rows are what is expected."""


def apply_class_weight(
    estimator: Any, given: ClassWeight | None, classes: tuple[ClassLabel, ...], target: NDArray[np.generic], *, model: str
) -> tuple[tuple[float, ...], dict[str, NDArray[np.float64]]]:
    """The weight of each class in the order of ``classes`` (none: all count alike), and what ``fit`` is to be told of each row.
    Of a Pipeline it is the last step whose rows count.

    ``given`` is the definition's; weights in the estimator's own ``class_weight`` or ``scale_pos_weight`` count as given. An estimator
    that has the first of them gets them there, by the codes that it learns. ``DefinitionError`` where weights are given twice, or the
    estimator takes none, ``TrainingError`` where the labels are others than the weights are given for.
    """
    last = final_of(estimator)
    parameters = last.get_params(deep=False)
    name = type(last).__name__
    if parameters.get("is_unbalance"):
        raise _refused("has is_unbalance", 'Write class_weight="balanced", which says the same.', model)
    own = parameters.get("class_weight")
    scaled = parameters.get("scale_pos_weight")
    if scaled not in (None, 1):
        if given is not None or own is not None or len(classes) != 2:
            raise _refused("has scale_pos_weight beside other weights, or other than two classes", "Give class_weight alone.", model)
        return (1.0, float(scaled)), {}
    if given is not None and own is not None:
        raise _refused(f"has class_weight= beside that of {name} itself", "Leave one of the two out.", model)
    if given is None and own is None:
        return (), {}
    weights = _by_code(own if given is None else given, classes, target.astype(np.intp), model)
    if "class_weight" in parameters:
        if own not in _BALANCED:
            last.set_params(class_weight=dict(enumerate(weights)))
        return weights, {}
    if "sample_weight" not in inspect.signature(last.fit).parameters or _is_fixed(name, parameters):
        raise _refused(f"has class_weight=, and {name} counts every row alike", "Leave it out, or choose another algorithm.", model)
    told = f"{estimator.steps[-1][0]}__sample_weight" if is_pipeline(estimator) else "sample_weight"
    return weights, {told: np.asarray(weights)[target.astype(np.intp)]}


def _is_fixed(name: str, parameters: Mapping[str, object]) -> bool:
    """Whether how frequent each class is does not come from the rows, so that their weights change nothing of it."""
    given = any(parameters.get(prior) is not None for prior in ("priors", "class_prior"))
    return name == "ComplementNB" or given or parameters.get("fit_prior") is False


def _by_code(given: object, classes: tuple[ClassLabel, ...], target: NDArray[np.intp], model: str) -> tuple[float, ...]:
    if given in _BALANCED:
        # As scikit-learn's compute_class_weight: each class counts as much as any other in all.
        counts = np.bincount(target, minlength=len(classes))
        return tuple((len(target) / (len(classes) * counts)).tolist())
    if not isinstance(given, Mapping):
        raise _refused(f"has {described(given)} as class_weight", 'Give a weight for each label, or "balanced".', model)
    unknown = [label for label in given if label not in classes]
    missing = len(classes) - (len(given) - len(unknown))
    if unknown or missing:
        named = f" {', '.join(map(repr, unknown))} is no class of the label;" if unknown else ""
        raise TrainingError(
            f"Model {model!r}: class_weight does not fit the label's {len(classes)} classes:{named} {missing} of them have no weight.",
            {"model": model, "parameter": "class_weight", "unknown": tuple(unknown), "missing": missing},
            ['Give a weight for each label, or class_weight="balanced".'],
        )
    return tuple(float(given[label]) for label in classes)


def _refused(what: str, way_out: str, model: str) -> DefinitionError:
    return DefinitionError(f"Model {model!r} {what}.", {"model": model, "parameter": "class_weight"}, [way_out])
