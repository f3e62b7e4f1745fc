"""Names and values that a mapping may have and that are no Python: what is written of them is a definition, and runs nothing of theirs."""

from __future__ import annotations

import enum
from datetime import datetime

import pytest
from sqlalchemy import Boolean, Column, DateTime, Enum, ForeignKey, Integer, String, Table
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from prisml.commands.init.choose import Wanted, choose
from prisml.commands.init.imported import Imported
from prisml.commands.init.label import choose_label
from prisml.commands.init.look import NOT_LOOKED
from prisml.commands.init.mapped import read_entity
from prisml.commands.init.source import Chosen, source_of
from prisml.definition import Feature, ModelDefinition

RAN: list[str] = []
BREAKS_OUT = 'a": __import__(__name__).RAN.append("a key"), "b'
BREAKS_THE_LINE = 'c\nRAN.append("a remark")\n'


class Base(DeclarativeBase):
    pass


class Grade(enum.Enum):
    LOW = 1
    HIGH = 2


Odd = enum.Enum("Odd", {"to do": 1, "class": 2})


class Reflected(Base):
    """As a table that was read from a database: its columns are called as somebody liked."""

    __table__ = Table(
        "reflected",
        Base.metadata,
        Column("id", Integer, primary_key=True),
        Column("plan", String(5)),
        Column("first plan", String(5)),
        Column("class", Integer),
        Column(BREAKS_OUT, Integer),
        Column(BREAKS_THE_LINE, Integer),
        Column("größe", Integer),
        Column("is_2fa", Boolean, nullable=False),
    )


class Person(Base):
    """Enumerations in every place, and two relationships to one class."""

    class State(enum.Enum):
        """It stands inside the class that has it."""

        NEW = 1
        GONE = 2

    __tablename__ = "person"
    id: Mapped[int] = mapped_column(primary_key=True)
    bought_days: Mapped[int]
    state: Mapped[State]
    grade: Mapped[Grade]
    odd: Mapped[Odd] = mapped_column(Enum(Odd, name="odd"))
    word: Mapped[str] = mapped_column(Enum("it's", 'say "no" \\ 🙂', name="word"))
    bought: Mapped[list[Deal]] = relationship(foreign_keys="Deal.buyer_id")
    sold: Mapped[list[Deal]] = relationship(foreign_keys="Deal.seller_id")


class Deal(Base):
    __tablename__ = "deal"
    id: Mapped[int] = mapped_column(primary_key=True)
    buyer_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    seller_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    placed_at: Mapped[datetime]
    buyer: Mapped[Person] = relationship(foreign_keys=[buyer_id], overlaps="bought")
    buyer_grade: Mapped[int]
    won: Mapped[bool]


class Weird(Base):
    """Its only time is in a column that Python cannot name."""

    __table__ = Table(
        "weird",
        Base.metadata,
        Column("id", Integer, primary_key=True),
        Column("reflected_id", ForeignKey("reflected.id")),
        Column("placed at", DateTime, nullable=False),
    )


Reflected.weird = relationship(Weird)


def draft(entity: type, label: str, output: str | None = None) -> tuple[Chosen, ModelDefinition]:
    """The draft of that label, and the definition that its source makes."""
    read = read_entity(entity)
    chosen = choose(Imported((read,)), read, Wanted(read.name, label, output), NOT_LOOKED)
    names: dict[str, object] = {"__name__": "drafted", "RAN": RAN}
    exec(source_of(chosen), names)  # noqa: S102 -- It is what the command writes.
    made = names[chosen.variable]
    assert isinstance(made, ModelDefinition)
    assert RAN == []
    return chosen, made


def test_columns_that_python_cannot_name_are_left_out_and_told():
    """A column with a space, a keyword, quotes or a line break is no feature and no label, and the rest is a definition."""
    chosen, made = draft(Reflected, "is_2fa")
    assert set(made.features) == {"plan", "größe"}
    assert made.output.isidentifier()
    left_out = {each.name: each.why for each in chosen.draft.left_out}
    for name in ("first plan", "class", BREAKS_OUT, BREAKS_THE_LINE):
        assert "no name in Python" in left_out[name]
    assert "weird" in left_out


@pytest.mark.parametrize(
    ("label", "positive"),
    [("state", Person.State.GONE.name), ("grade", Grade.HIGH.name), ("odd", Odd["class"].name), ("word", 'say "no" \\ 🙂')],
)
def test_whatever_is_positive_is_written_so_that_python_reads_it(label: str, positive: object):
    """An enumeration inside the class, members that are no names, and texts with quotes are the value whose probability is wanted."""
    _, made = draft(Person, label)
    assert made.positive == positive


def test_no_feature_takes_the_place_of_another():
    """Where two features would have one name, one is left out, and that is told."""
    chosen, made = draft(Person, "bought")
    assert {"bought_90d", "sold_90d", "days_since_last_deal"} <= set(made.features)
    assert any("has this name" in each.why for each in chosen.draft.left_out if each.name == "days_since_last_deal")
    chosen, made = draft(Deal, "won")
    assert any("has this name" in each.why for each in chosen.draft.left_out if each.name == "buyer_grade")
    assert made.features["buyer_grade"] == Feature(Deal.buyer_grade)


@pytest.mark.parametrize("output", ["predicted_", "_probability", "predicted_2", "predicted_class", "date_probability"])
def test_any_name_of_a_field_gives_a_variable(output: str):
    """The variable is a name in Python, whatever of the field's name is taken off for it."""
    chosen, made = draft(Person, "grade", output)
    assert (made.output, chosen.variable.isidentifier()) == (output, True)


def test_words_of_other_alphabets_are_kept():
    """A field is called after its column, in letters that English has not, too."""
    assert choose_label(read_entity(Reflected), "größe").output == "predicted_größe"
