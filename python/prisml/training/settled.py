"""What an estimator of trees must be told, so that equal training gives equal models and categories reach it in one way only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prisml.errors import DefinitionError, TrainingError
from prisml.training.choice import Choice

_LIBRARIES = ("xgboost", "lightgbm")
# By the parameter in which an estimator is told which columns are categories, what says nothing of them.
_TOLD_BY: dict[str, tuple[object, ...]] = {
    "categorical_features": (None, "from_dtype"),
    "feature_types": (None,),
    "categorical_feature": (None, "auto"),
}


def settle(estimator: Any, model: str) -> None:
    """Refuse columns of categories that were named by hand, and have sums in one order on any number of cores.

    What scikit-learn does by default, "from_dtype", means the same as None for the plain matrix that is fitted.
    """
    params = estimator.get_params(deep=False)
    for name, nothing in _TOLD_BY.items():
        given = params.get(name)
        if not (given is None or (isinstance(given, str) and given in nothing)):
            raise DefinitionError(
                f"Model {model!r}: {type(estimator).__name__} is given {name}, and PrisML says which columns are categories.",
                {"model": model, "parameter": name},
                ['Leave it out; with define_model(..., encoding="native") trees split on categories as such.'],
            )
    if "categorical_features" in params:
        estimator.set_params(categorical_features=None)
    library = type(estimator).__module__.partition(".")[0]
    if library in _LIBRARIES:
        # Threads would add up a histogram in another order each time.
        estimator.set_params(n_jobs=1)
    if library == "lightgbm":
        # It would try which way is faster, and take it.
        by = "force_col_wise" if params.get("force_col_wise") else "force_row_wise"
        estimator.set_params(deterministic=True, **{by: True})


def tell_categories(choice: Choice, codes: Mapping[str, int], model: str) -> dict[str, object]:
    """Tell the estimator which columns are categories, those with ``codes``; what comes back is for its ``fit``.

    ``TrainingError`` names a category of more codes than the estimator takes.
    """
    estimator = choice.estimator
    categories = [place for place, count in enumerate(codes.values()) if count]
    if not (choice.native and categories):
        return {}
    if choice.algorithm.name == "xgboost":
        estimator.set_params(feature_types=["c" if count else "q" for count in codes.values()], enable_categorical=True)
    elif choice.algorithm.name == "lightgbm":
        return {"categorical_feature": categories}
    else:
        _check_counts(codes, estimator.max_bins, model)
        estimator.set_params(categorical_features=categories)
    return {}


def _check_counts(codes: Mapping[str, int], most: int, model: str) -> None:
    for name, count in codes.items():
        if count > most:
            raise TrainingError(
                f"Model {model!r}: feature {name!r} has {count:,} categories, and max_bins allows {most:,} as sets to split on.",
                {"model": model, "feature": name, "categories": count},
                [
                    f"Give {name!r} min_frequency=, so that rare categories share one code.",
                    'Or leave encoding="native" out, or use it with algorithm="lightgbm" or "xgboost".',
                ],
            )
