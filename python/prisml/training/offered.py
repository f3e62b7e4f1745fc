"""Whether an estimator is offered: its class, the task, its options and the steps before it, as ``allowed.json`` says."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from prisml.errors import DefinitionError
from prisml.manifest import Task
from prisml.training.choice import Choice
from prisml.training.offers import Offer, Offers
from prisml.training.parameters import check_values
from prisml.training.refusals import BEHIND, UNSCALED, Refusal
from prisml.training.stages import final_of, is_pipeline, steps_of

SCALERS = ("MinMaxScaler", "RobustScaler", "StandardScaler")
AFTER_SCALERS = ("PowerTransformer",)
"""Steps that have to stand behind one that scales."""


def check_offered(choice: Choice, task: Task, model: str, offers: Offers) -> None:
    """``DefinitionError`` for what is not known to export exactly; it says why, and what to use instead."""
    final, steps = final_of(choice.estimator), [step for step in steps_of(choice.estimator) if not is_own(step)]
    offer = _offer_of(final, task, model, offers)
    if offer.behind and not steps:
        raise refused(type(final).__name__, BEHIND, model)
    _check_options(final, offer, model)
    if type(final).__name__ == "OneVsRestClassifier":
        _check_inside(final.estimator, model, offers)
    for place, step in enumerate(steps):
        name = type(step).__name__
        known = offers.steps.get(name)
        if known is None or type(step).__module__.split(".")[0] != known.module.split(".")[0]:
            raise refused(name, offers.refused.get(name) or _unknown(name, tuple(offers.steps), "a step"), model)
        if name in AFTER_SCALERS and not any(type(before).__name__ in SCALERS for before in steps[:place]):
            raise refused(name, UNSCALED, model)
        _check_options(step, known, model)


def is_own(step: Any) -> bool:
    """Whether it is the step that training puts before trees."""
    from prisml.training.stages import to_float32

    return getattr(step, "func", None) is to_float32


def refused(name: str, refusal: Refusal, model: str, parameter: str | None = None) -> DefinitionError:
    """The error that says why ``name`` is not exported, and what to use instead."""
    context = {"model": model, "estimator": name} | ({} if parameter is None else {"parameter": parameter})
    return DefinitionError(f"Model {model!r}: {name} {refusal.why}.", context, [refusal.instead])


def refuse_class(estimator: Any, task: Task, model: str, offers: Offers) -> DefinitionError:
    """The error for an estimator of a class that is not offered for ``task``."""
    name = type(estimator).__name__
    if name in offers.refused:
        return refused(name, offers.refused[name], model)
    if name in offers.steps:
        return refused(name, Refusal("is a step, and no estimator", "Put an estimator at the end of the Pipeline."), model)
    tasks = offers.estimators.get(name)
    if tasks and task not in tasks:
        others = _names_for(task, offers)
        return refused(name, Refusal(f"is exported for {' and '.join(tasks)} alone", f"For {task} there are {others}."), model)
    return refused(name, _unknown(name, tuple(name for name, tasks in offers.estimators.items() if task in tasks), f"a {task} task"), model)


def _check_inside(member: Any, model: str, offers: Offers) -> None:
    """Refuse what OneVsRestClassifier is not written of: all but LogisticRegression, which learns two classes at a time."""
    from sklearn.linear_model import LogisticRegression

    if type(member) is not LogisticRegression:
        way_out = f"Use OneVsRestClassifier(LogisticRegression()), or {type(member).__name__} without it."
        raise refused(f"OneVsRestClassifier of {type(member).__name__}", Refusal("is not written", way_out), model)
    if member.class_weight is not None:
        refusal = Refusal("is not offered: its weights cannot be taken back", "Use LogisticRegression(class_weight=...) without it.")
        raise refused("OneVsRestClassifier of LogisticRegression with class_weight", refusal, model, "class_weight")
    check_values(member, model)
    _check_options(member, offers.estimators["LogisticRegression"]["binary"], model)


def _offer_of(estimator: Any, task: Task, model: str, offers: Offers) -> Offer:
    offer = offers.estimators.get(type(estimator).__name__, {}).get(task)
    if offer is None or is_pipeline(estimator):
        raise refuse_class(estimator, task, model, offers)
    return offer


def _names_for(task: Task, offers: Offers) -> str:
    return ", ".join(sorted(name for name, tasks in offers.estimators.items() if task in tasks))


def _unknown(name: str, known: tuple[str, ...], what: str) -> Refusal:
    close = get_close_matches(name, known, n=1)
    hint = f"The nearest that is: {close[0]}." if close else f"For {what} there are {', '.join(sorted(known))}."
    return Refusal(f"is not among what is known to export exactly for {what}; a subclass does not count", hint)


def _check_options(estimator: Any, offer: Offer, model: str) -> None:
    name, params = type(estimator).__name__, estimator.get_params(deep=False)
    for option, found in offer.options.items():
        if option not in params:
            continue
        given = params[option]
        if found.exact is not None and _is_among(given, found.exact):
            continue
        for value, refusal in found.refused:
            if _is_among(given, (value,)):
                raise refused(f"{name} with {option}={given!r}", refusal, model, option)
        if found.exact is not None:
            raise refused(f"{name} with this {option}", _unproven(option, found.exact), model, option)


def _is_among(value: object, values: tuple[object, ...]) -> bool:
    """False is not 0, and True not 1."""
    return any(type(value) is type(each) and value == each for each in values)


def _unproven(option: str, exact: tuple[object, ...]) -> Refusal:
    shown = [f'"{value}"' if isinstance(value, str) else str(value) for value in exact if value is not None]
    ways = [f"Use {option}={' or '.join(shown)}"] if shown else []
    if None in exact:
        ways.append(f"{'l' if shown else 'L'}eave {option} out")
    return Refusal("is not known to be exported exactly", f"{', or '.join(ways)}.")
