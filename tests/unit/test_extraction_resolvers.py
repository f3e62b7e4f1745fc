from __future__ import annotations

import sys
from collections import namedtuple
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from types import MappingProxyType

import numpy as np
import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from prisml.definition.define import define_model
from prisml.definition.features import resolver
from prisml.errors import DefinitionError, EncodingError, FeatureExtractionError
from prisml.extraction.resolvers import ResolverRow, resolve, resolver_values
from tests.support.customers import Base, Customer

NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)


def _domain(row):
    return row.email.partition("@")[2]


def _define(**resolvers):
    return define_model(Customer, output="risk", label=Customer.churned, features={"spent": Customer.spent, **resolvers})


DOMAIN = _define(domain=resolver(_domain, type=str, uses=[Customer.email]))


@dataclass
class Plain:
    email: str


class Slotted:
    __slots__ = ("email",)

    def __init__(self, email):
        self.email = email


class Lazy:
    @property
    def email(self):
        message = "open-sesame"
        raise LookupError(message)


@pytest.mark.parametrize(
    "row",
    [
        {"email": "a@b"},
        MappingProxyType({"email": "a@b", "other": 1}),
        Plain("a@b"),
        Slotted("a@b"),
        Customer(email="a@b"),
        namedtuple("Named", "email")("a@b"),
    ],
    ids=lambda row: type(row).__name__,
)
def test_any_kind_of_row_is_resolved(row):
    """Mappings, dataclasses, slotted objects and ORM objects give a resolver the same row."""
    assert resolver_values(DOMAIN, [row], NOW) == {"domain": ["b"]}


def test_values_are_in_the_order_of_rows():
    """Each resolver gives a value for each row, in order; no rows give no values."""
    score = resolver(lambda c, as_of: c.age + as_of.year, type=int, uses=[Customer.age])
    definition = _define(domain=DOMAIN.resolvers["domain"], score=score)
    rows = [{"email": f"x@{n}", "age": n} for n in range(3)]
    assert resolver_values(definition, rows, NOW) == {"domain": ["0", "1", "2"], "score": [2024, 2025, 2026]}
    assert resolver_values(definition, [], NOW) == {"domain": [], "score": []}


def test_a_row_may_give_the_feature_itself():
    """A row that lacks what the resolver uses gives the feature by its own name; where both are there the resolver computes."""
    rows = [{"domain": "given"}, {"email": "a@b", "domain": "ignored"}, {"domain": None}]
    assert resolver_values(DOMAIN, rows, NOW) == {"domain": ["given", "b", None]}


@pytest.mark.parametrize("row", [{}, {"mail": "a@b"}, Plain.__new__(Plain)], ids=["empty", "typo", "unset"])
def test_a_row_with_neither_is_an_error(row):
    """A row that gives neither the columns nor the feature is refused with its index and both ways out."""
    with pytest.raises(EncodingError, match="row 1: the row has no 'email'") as caught:
        resolver_values(DOMAIN, [{"email": "a@b"}, row], NOW)
    assert "or 'domain' itself" in str(caught.value)
    assert caught.value.context["row"] == 1


def test_a_raising_resolver_names_the_row():
    """A resolver that raises in a prediction is told with feature and row index, never with the value it met."""
    with pytest.raises(FeatureExtractionError, match="AttributeError for row 2") as caught:
        resolver_values(DOMAIN, [{"domain": "given"}, {"email": "a@b"}, {"email": 5}], NOW)
    assert (caught.value.context["feature"], caught.value.context["row"]) == ("domain", 2)
    assert "test_extraction_resolvers.py, line" in caught.value.message


def test_a_resolver_that_exits_is_an_error():
    """A resolver that calls ``exit()`` is told like one that raises: the program does not end as if all were done."""
    leaving = _define(domain=resolver(lambda c: sys.exit(0), type=str, uses=[Customer.email], version="1"))
    with pytest.raises(FeatureExtractionError, match=r"SystemExit for row 1 \(test_extraction_resolvers\.py, line") as caught:
        resolver_values(leaving, [{"domain": "given"}, {"email": "a@b"}], NOW)
    assert caught.value.context["row"] == 1


def test_an_attribute_that_raises_names_the_row():
    """A property of the user's row object that raises is told with feature, row and attribute, without its words."""
    with pytest.raises(EncodingError, match="'domain', row 1: reading 'email' of the row raised LookupError") as caught:
        resolver_values(DOMAIN, [{"email": "a@b"}, Lazy()], NOW)
    assert "open-sesame" not in str(caught.value)
    assert (caught.value.context["row"], caught.value.context["attribute"]) == (1, "email")


def test_an_object_without_its_session_is_not_the_resolvers_fault():
    """What a detached ORM object cannot load any more is told by the attribute's name, with the way out."""
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        kept = Customer(number=1, email="a@b")
        session.add(kept)
        session.commit()
    engine.dispose()
    with pytest.raises(EncodingError, match="reading 'email' of the row raised DetachedInstanceError") as caught:
        resolver_values(DOMAIN, [kept], NOW)
    assert "attach the object to a session" in str(caught.value)


@pytest.mark.parametrize(
    "row", [None, 5, 1.5, "x", b"x", bytearray(b"x"), ["a@b"], ("a@b",), {"a@b"}, Customer, np.zeros(3)], ids=lambda row: type(row).__name__
)
def test_what_is_no_row_is_told_by_its_type(row):
    """A value that can be no row is refused in the same words as by a model without resolvers."""
    with pytest.raises(EncodingError) as caught:
        resolver_values(DOMAIN, [{"email": "a@b"}, row], NOW)
    kind = type(row).__name__
    assert f"row 1: a row of type {kind} where a mapping, a dataclass or an object with attributes is expected." in caught.value.message
    assert (caught.value.context["row"], caught.value.context["type"]) == (1, kind)


@pytest.mark.parametrize("name", ["age", "emial", "churned", "_values", "_ResolverRow__values2"])
def test_only_what_is_declared_is_shown(name):
    """An attribute that is not in uses is a DefinitionError that names it, the feature and what may be read."""
    row = ResolverRow("domain", {"email": 0}, ["a@b"])
    with pytest.raises(DefinitionError, match=f"'domain' reads '{name}'") as caught:
        getattr(row, name)
    assert "now: email" in str(caught.value)


def test_a_row_cannot_be_written():
    """A resolver cannot change its row, declared attribute or not."""
    row = ResolverRow("domain", {"email": 0}, ["a@b"])
    for name in ("email", "other"):
        with pytest.raises(DefinitionError, match="read-only"):
            setattr(row, name, "x")
    assert row.email == "a@b"


@pytest.mark.parametrize(
    "given", [NOW.replace(tzinfo=None), NOW, NOW.astimezone(timezone(timedelta(hours=5)))], ids=["naive", "UTC", "+05:00"]
)
def test_datetimes_are_aware_and_in_utc(given):
    """A naive datetime is UTC, an aware one is converted: a resolver cannot compute one thing in training and another in prediction."""
    shown = resolve(
        resolver(lambda c: c.joined_at, type=str, uses=[Customer.joined_at]), "x", ResolverRow("x", {"joined_at": 0}, [given]), NOW
    )
    assert shown == NOW
    assert shown.tzinfo is UTC


def test_comparing_with_a_naive_datetime_says_why_it_fails():
    """A resolver that compares with a naive datetime is told that the datetimes it sees are aware."""
    late = resolver(lambda c: c.joined_at > datetime(2020, 1, 1), type=bool, uses=[Customer.joined_at])
    with pytest.raises(FeatureExtractionError, match="aware and in UTC"):
        resolver_values(_define(late=late), [{"joined_at": NOW}], NOW)


def test_as_of_is_given_to_those_who_ask():
    """A function of two arguments gets the moment of prediction, a function of one does not, and a default is left alone."""
    row = ResolverRow("x", {"age": 0}, [3])
    with_moment = resolver(lambda c, as_of: (c.age, as_of), type=str, uses=[Customer.age])
    with_default = resolver(lambda c, scale=2: c.age * scale, type=int, uses=[Customer.age])
    assert resolve(with_moment, "x", row, NOW) == (3, NOW)
    assert resolve(with_default, "x", row, NOW) == 6
