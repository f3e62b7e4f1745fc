"""Which guards a definition waives, and which features its mapping shows to be identifiers."""

from __future__ import annotations

import pytest
from sqlalchemy import Column, ForeignKey, Index, Integer, MetaData, String, Table, UniqueConstraint, func, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from prisml.definition import Feature, define_model, length, related, resolver
from prisml.definition.identifiers import find_identifiers
from prisml.definition.leaks import Leak, refuse_leaks
from prisml.definition.waivers import GUARDS
from prisml.errors import DefinitionError, LeakageError
from tests.support.shop import Account, Agent, Customer


class Base(DeclarativeBase):
    pass


class Card(Base):
    __tablename__ = "cards"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    bank: Mapped[str]


class Member(Base):
    __tablename__ = "members"

    number: Mapped[int] = mapped_column("member_no", primary_key=True, autoincrement=False)
    club: Mapped[str] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    phone: Mapped[str]
    badge: Mapped[int]
    nick: Mapped[str]
    seat: Mapped[int]
    locker: Mapped[int]
    hall: Mapped[int]
    card_id: Mapped[int] = mapped_column(ForeignKey("cards.id"))
    own_card_id: Mapped[int] = mapped_column(ForeignKey("cards.id"), unique=True)
    left: Mapped[bool]
    card: Mapped[Card] = relationship(foreign_keys=[card_id])
    own_card: Mapped[Card] = relationship(foreign_keys=[own_card_id])

    __table_args__ = (
        UniqueConstraint("phone"),
        UniqueConstraint("seat", "hall"),
        Index("by_badge", "badge", unique=True),
        Index("by_locker", "locker", unique=True, sqlite_where=text("hall > 3")),
        Index("by_hall", "hall"),
    )


Index("by_nick", func.lower(Member.nick), unique=True)


def found(entity=Member, label=Member.left, **features) -> dict[str, str]:
    """What is said of each feature that is an identifier."""
    definition = define_model(entity, output="p", label=label, features=features)
    return {leak.feature or "": leak.what for leak in find_identifiers(definition)}


@pytest.mark.parametrize(
    ("feature", "says"),
    [
        (Member.email, "is unique in the table members"),
        (Member.phone, "is unique in the table members"),
        (Member.badge, "is unique in the table members"),
        (Feature(Member.badge, categorical=True), "is unique in the table members"),
        (Member.nick, "is unique in the table members"),
        (Member.card_id, "is a foreign key of the table members, taken as a number"),
        (related(Member.card, Card.id), "is the primary key of the table cards"),
        (related(Member.own_card, Card.number), "is unique in the table cards"),
    ],
)
def test_identifiers_are_seen_in_the_mapping(feature, says):
    """A unique column of either sort, a foreign key as a number, and a related key that is a number or leads back to one row."""
    assert found(f=feature) == {"f": says}


@pytest.mark.parametrize(
    "feature",
    [
        Member.number,
        Member.club,
        Member.seat,
        Member.hall,
        Member.locker,
        Feature(Member.card_id, categorical=True),
        related(Member.card, Card.number),
        related(Member.card, Card.bank),
        related(Member.own_card, Card.bank),
        length(Member.email),
        resolver(lambda m: m.email[0], type=str, uses=[Member.email]),
    ],
)
def test_what_many_rows_may_share_is_no_identifier(feature):
    """A part of a composite key or of a unique pair, an index with a condition, a foreign key as a category, and what is computed."""
    assert found(f=feature) == {}


def test_primary_keys_are_seen_whatever_they_are_called():
    """The column's name is no matter, and both keys of joined inheritance are keys."""
    assert found(Customer, Customer.churned, f=Customer.id) == {"f": "is the primary key of Customer"}
    keys = found(Agent, Agent.churned, f=Agent.id, g=Agent.agent_id)
    assert keys == {"f": "is the primary key of Agent", "g": "is the primary key of the table agents"}


def test_primary_key_of_a_class_that_is_mapped_to_a_query():
    """Where no table has the key, the mapper does."""
    table = Table("visits", MetaData(), Column("id", Integer, primary_key=True), Column("place", String), Column("paid", Integer))

    class Visit(Base):
        __table__ = select(table.c.id, table.c.place, table.c.paid).where(table.c.paid > 0).subquery("paid_visits")
        __mapper_args__ = {"primary_key": [__table__.c.id]}  # noqa: RUF012

    definition = define_model(Visit, output="p", label=Visit.paid, task="regression", features={"id": Visit.id, "place": Visit.place})
    assert [(leak.feature, leak.what) for leak in find_identifiers(definition)] == [("id", "is the primary key of Visit")]


def test_waivers_are_kept_sorted_and_once():
    """Any collection of texts will do."""
    features = {"age": Customer.age, "account": related(Customer.account, Account.credit)}
    given = {"output": "p", "label": Customer.churned, "features": features}
    assert define_model(Customer, **given).waive == ()
    waive = ["single_feature:age", "label_copy", "single_feature:age", "identifier:account"]
    kept = ("identifier:account", "label_copy", "single_feature:age")
    for collection in (waive, tuple(waive), frozenset(waive), dict.fromkeys(waive)):
        assert define_model(Customer, **given, waive=collection).waive == kept


@pytest.mark.parametrize(
    ("waive", "what", "way_out"),
    [
        ("single_feature", "waive is a str, not a collection", 'waive=["single_feature:days_overdue"]'),
        (7, "waive is an int, not a collection", 'waive=["single_feature:days_overdue"]'),
        ([7], "holds an int", "Name a guard by a text"),
        (["single_featur"], "'single_featur', which is not known", "Did you mean 'single_feature'?"),
        (["identifyer:age"], "'identifyer', which is not known", "Did you mean 'identifier'?"),
        ([""], "'', which is not known", f"Known are: {', '.join(GUARDS)}."),
        (["identifier:agee"], "feature 'agee', which the definition does not have", "Did you mean 'age'?"),
        (["identifier:"], "feature ''", "Known are: age."),
    ],
)
def test_waivers_that_name_nothing_are_refused(waive, what, way_out):
    """A typo would leave the guard on, or look as if it did: the nearest name is offered."""
    with pytest.raises(DefinitionError) as caught:
        define_model(Customer, output="p", label=Customer.churned, features={"age": Customer.age}, waive=waive)
    assert what in caught.value.message
    assert way_out in " ".join(caught.value.suggestions)


LEAKS = (Leak("single_feature", "b", "ranks too well", "Take it earlier."), Leak("identifier", "a", "is a key", "Leave it out."))


def test_one_error_names_every_leak():
    """Guard, feature and figure of each, the ways out, and a waiver that can be copied."""
    with pytest.raises(LeakageError) as caught:
        refuse_leaks(LEAKS, (), model="m")
    error = caught.value
    assert error.message == (
        "Model 'm': there are 2 signs of leakage. identifier: feature 'a' is a key. single_feature: feature 'b' ranks too well."
    )
    assert error.suggestions == (
        "Leave it out.",
        "Take it earlier.",
        'Where they are no leak, say so in define_model: waive=["identifier:a", "single_feature:b"].',
    )
    assert error.context["leaks"] == ("identifier:a", "single_feature:b")
    assert error.exit_code == 1


@pytest.mark.parametrize("waivers", [("identifier:a", "single_feature"), ("identifier", "single_feature:b")])
def test_waived_leaks_are_named_and_not_raised(waivers):
    """By feature or as a whole; what is waived and was not found is not named."""
    assert refuse_leaks(LEAKS, (*waivers, "label_copy:c"), model="m") == ("identifier:a", "single_feature:b")
    assert refuse_leaks((), waivers, model="m") == ()


def test_waiver_of_one_feature_leaves_the_others_refused():
    """And a waiver of one guard leaves the other guards."""
    with pytest.raises(LeakageError) as caught:
        refuse_leaks(LEAKS, ("identifier:b", "single_feature:b", "label_copy"), model="m")
    assert caught.value.context["leaks"] == ("identifier:a",)
    assert "there is a sign of leakage" in caught.value.message
