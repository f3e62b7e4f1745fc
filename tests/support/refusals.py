"""Definitions over members that are right but for one thing, and what is said of it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from prisml.definition import Feature, define_model
from prisml.definition.model import ModelDefinition
from prisml.errors import DefinitionError
from tests.support.members import Member, Visit

PAST, LATER, LAST = date(2024, 1, 1), date(2024, 4, 1), date(2024, 7, 1)
DAY = timedelta(days=1)
STABLE = {"country": Feature(Member.country, stable=True)}


def define(features: dict[str, Any] | None = None, **given: Any) -> ModelDefinition[Member]:
    """A definition that is right but for what is given."""
    return define_model(Member, output="p", **{"label": Member.left, "features": features or STABLE, "name": "members", **given})


def refused(what: str, way_out: str, features: dict[str, Any] | None = None, *, error: type = DefinitionError, **given: Any) -> None:
    """The definition is refused: the message says what is wrong, and the suggestions the way out."""
    with pytest.raises(error) as caught:
        define(features, **given)
    assert caught.type is error
    assert what in caught.value.message
    assert way_out in " ".join(caught.value.suggestions)
    assert caught.value.context["output"] == "p"


def visits(*conditions: Any, what: Any = None) -> Any:
    """A scalar of the member's own visits."""
    what = func.count(Visit.id) if what is None else what
    return select(what).where(Visit.member_id == Member.id, *conditions).scalar_subquery()
