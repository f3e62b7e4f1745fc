"""Whether parameters are ones that an estimator has, with values that it takes: known before any data is read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from copy import copy
from difflib import get_close_matches
from functools import partial
from inspect import Parameter, signature
from math import isnan, nan
from typing import Any

from prisml.errors import DefinitionError, described

_NAMED = re.compile(r"The '(\w+)' parameter")


def check_names(given: Iterable[str], known: Mapping[str, object], estimator: str, model: str) -> None:
    """Refuse a parameter that the estimator does not have, or that PrisML sets; the nearest name is the way out."""
    for name in given:
        context = {"model": model, "parameter": name}
        if name == "random_state":
            raise DefinitionError(f"Model {model!r}: random_state is not a parameter to give.", context, ["Give seed= to define_model."])
        if name not in known:
            close = get_close_matches(name, known, n=1)
            hint = f"Did you mean {close[0]!r}?" if close else f"Its parameters are {', '.join(sorted(known))}."
            if name == "class_weight":
                hint = "Give class_weight= to define_model."
            raise DefinitionError(f"Model {model!r}: {estimator} has no parameter {name!r}.", context, [hint])


def check_own_names(estimator: Any, hidden: Iterable[str], model: str) -> None:
    """Refuse a parameter that an instance was given and its class does not have: XGBoost and LightGBM take any, by any alias."""
    if not any(kind.kind is Parameter.VAR_KEYWORD for kind in signature(type(estimator)).parameters.values()):
        return
    known = {**dict.fromkeys(hidden), **type(estimator)().get_params(deep=False)}
    given = estimator.get_params(deep=False)
    check_names([name for name in given if name != "random_state"], known, type(estimator).__name__, model)


def check_values(estimator: Any, model: str) -> None:
    """Refuse a value that scikit-learn's own constraints refuse, in its words; of XGBoost, that missing numbers are not NaN."""
    missing = estimator.get_params(deep=False).get("missing", nan)
    if not (isinstance(missing, float) and isnan(missing)) and hasattr(estimator, "get_booster"):
        raise DefinitionError(
            f"Model {model!r}: {type(estimator).__name__} is given missing, and PrisML gives missing numbers as NaN.",
            {"model": model, "parameter": "missing"},
            ["Leave missing out."],
        )
    if not hasattr(estimator, "_parameter_constraints"):
        return
    from sklearn.utils._param_validation import InvalidParameterError

    try:
        estimator._validate_params()  # noqa: SLF001 - what fit() would call first.
    except InvalidParameterError as error:
        named = _NAMED.search(str(error))
        parameter = named.group(1) if named else ""
        raise DefinitionError(
            f"Model {model!r}: {str(error).rstrip('.')}.",
            {"model": model, "parameter": parameter},
            [f"Give {parameter or 'it'} as {type(estimator).__name__} takes it, or leave it out."],
        ) from None


def seed(estimator: Any, number: int, model: str) -> None:
    """Seed what is not seeded, in the estimator and in what it holds; refuse what gives another model each time."""
    for name, given in estimator.get_params(deep=True).items():
        if name == "random_state" or name.endswith("__random_state"):
            if _lacks_seed(name, given, model):
                estimator.set_params(**{name: number})
        elif _draws_splits(given) and _lacks_seed(f"{name}={type(given).__name__}'s random_state", given.random_state, model):
            seeded = copy(given)
            seeded.random_state = number
            estimator.set_params(**{name: seeded})
        elif _draws_scores(given) and _lacks_seed(f"{name}'s random_state", _bound(given).get("random_state"), model):
            estimator.set_params(**{name: partial(given, random_state=number)})


def _lacks_seed(name: str, given: object, model: str) -> bool:
    if given is None or isinstance(given, int):
        return given is None
    raise DefinitionError(
        f"Model {model!r}: {name} is {described(given)}, which gives another model each time.",
        {"model": model, "parameter": name},
        ["Leave it out and give seed= to define_model, or give an int."],
    )


def _draws_splits(given: object) -> bool:
    """Whether it is a splitter of rows that draws them: what ``get_params`` of the estimator that holds it does not look into."""
    return hasattr(given, "split") and hasattr(given, "random_state") and getattr(given, "shuffle", True)


def _draws_scores(given: object) -> bool:
    """Whether it is a score of features by neighbours, to which scikit-learn adds noise."""
    from sklearn.feature_selection import mutual_info_classif, mutual_info_regression

    return (given.func if isinstance(given, partial) else given) in (mutual_info_classif, mutual_info_regression)


def _bound(given: object) -> Mapping[str, object]:
    return given.keywords if isinstance(given, partial) else {}
