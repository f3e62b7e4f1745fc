"""The guards against leakage, by name, and which of them a definition waives."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Literal, get_args

from prisml.definition.place import Place, choose_from
from prisml.errors import described

Guard = Literal["label_copy", "identifier", "single_feature", "changed_later", "split_overlap", "unbounded"]

GUARDS: Mapping[Guard, str] = MappingProxyType(
    {
        "label_copy": "a feature is the label, or decides it",
        "identifier": "a feature names the row: a key, a unique column, or a category whose values are nearly all distinct",
        "single_feature": "one feature alone ranks the label almost perfectly",
        "changed_later": "a column shows today's value, though a value of the past was asked for",
        "split_overlap": "a label of the training part looks into the time of the hold-out",
        "unbounded": "an expression reads rows from after the moment of prediction",
    }
)
"""What each guard refuses."""

_EXAMPLE = 'waive=["single_feature:days_overdue"]'


def read_waivers(place: Place, waive: object, features: object) -> tuple[str, ...]:
    """The waivers, sorted and each once: ``"guard"``, or ``"guard:feature"`` for one feature.

    ``DefinitionError`` where one names no guard or no feature.
    """
    here = place.of("waive")
    if isinstance(waive, str) or not isinstance(waive, Collection):
        raise here.error(f"is {described(waive)}, not a collection of texts", f"Write {_EXAMPLE}.")
    names = [name for name in features if isinstance(name, str)] if isinstance(features, Mapping) else []
    return tuple(sorted({_waiver(here, given, names) for given in waive}))


def waives(waivers: Collection[str], guard: Guard, feature: str | None) -> bool:
    """Whether ``guard`` is waived for ``feature``, or as a whole."""
    return guard in waivers or waiver(guard, feature) in waivers


def waiver(guard: Guard, feature: str | None) -> str:
    """The narrowest waiver of ``guard``, as ``waive`` takes it."""
    return guard if feature is None else f"{guard}:{feature}"


def _waiver(here: Place, given: object, features: Collection[str]) -> str:
    if not isinstance(given, str):
        raise here.error(f"holds {described(given)}", f"Name a guard by a text, with a feature behind it or not: {_EXAMPLE}.")
    guard, colon, feature = given.partition(":")
    if guard not in get_args(Guard):
        raise here.error(f"names a guard {guard!r}, which is not known", choose_from(GUARDS, guard))
    if colon and feature not in features:
        raise here.error(f"names a feature {feature!r}, which the definition does not have", choose_from(features, feature))
    return given
