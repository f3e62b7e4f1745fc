"""How many statements a page costs: the same whatever the number of rows, relationships among them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, ForeignKey, create_engine, func, insert, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from prisml import define_model, expression, related, resolver
from prisml.extraction.stream import extract
from tests.support.database import statements

COUNTS = (100, 10_000, 100_000)
PAGES = 20
"""Each table is read in so many pages."""


class Base(DeclarativeBase):
    pass


class Plan(Base):
    __tablename__ = "plans"

    id: Mapped[int] = mapped_column(primary_key=True)
    price: Mapped[int]


class Member(Base):
    __tablename__ = "members"

    id: Mapped[int] = mapped_column(primary_key=True)
    left: Mapped[bool]
    plan_id: Mapped[int] = mapped_column(ForeignKey("plans.id"))
    plan: Mapped[Plan] = relationship()
    visits: Mapped[list[Visit]] = relationship()


class Visit(Base):
    __tablename__ = "visits"

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), index=True)
    minutes: Mapped[int]


def _longest(member: Any) -> int:
    return max((visit.minutes for visit in member.visits), default=0) * member.plan.price


leaving = define_model(
    Member,
    output="leaving",
    label=Member.left,
    features={
        "price": related(Member.plan, Plan.price),
        "minutes": expression(select(func.sum(Visit.minutes)).where(Visit.member_id == Member.id).scalar_subquery()),
        "longest": resolver(_longest, type=int, uses=[Member.plan, Member.visits]),
    },
)


def _filled(path: Path, count: int) -> Engine:
    engine = create_engine(f"sqlite:///{path}")
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        # Without a write-ahead log a copy would be read, through another engine than the one that is listened to.
        connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        connection.execute(insert(Plan), [{"id": number, "price": number} for number in range(1, 8)])
        members = [{"id": number, "left": number % 3 == 0, "plan_id": 1 + number % 7} for number in range(count)]
        connection.execute(insert(Member.__table__), members)
        # Two visits of each member but every fifth, who has none.
        visits = [{"member_id": number, "minutes": number % 50 + more} for number in range(count) if number % 5 for more in (1, 2)]
        connection.execute(insert(Visit), visits)
    return engine


def _wanted(number: int) -> list[float]:
    price, minutes = float(1 + number % 7), number % 50
    return [price, 2 * minutes + 3, (minutes + 2) * price] if number % 5 else [price, math.nan, 0.0]


def test_statements_of_a_page_do_not_grow_with_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """A page of 5 rows and one of 5,000 cost the same statements: the page, and one for the rows and one for each relationship."""
    lines = [f"{'rows':>10}{'pages':>8}{'statements':>12}{'a page':>10}"]
    costs = []
    for count in COUNTS:
        engine = _filled(tmp_path / f"{count}.db", count)
        with statements(engine) as sent:
            found = extract(leaving, engine, page_size=count // PAGES)
        engine.dispose()
        # The journal's mode, BEGIN, the first look and the rows' number come once; the last page is followed by an empty one.
        pages = [sql for sql in sent if "LIMIT" in sql]
        costs.append((len(sent), len(pages)))
        lines.append(f"{count:>10,}{len(pages):>8}{len(sent):>12}{len(sent) / len(pages):>10.2f}")
        assert [found.matrix[number].tolist() for number in (1, 6, count - 1)] == [_wanted(number) for number in (1, 6, count - 1)]
        assert str(found.matrix[5].tolist()) == str(_wanted(5))
    with capsys.disabled():
        print("\nstatements of an extraction with a to-one and a to-many relationship", *lines, sep="\n")  # noqa: T201 -- The table is shown.
    assert costs == [costs[0]] * len(COUNTS)
    sent, read = costs[0]
    assert read == PAGES + 1
    assert (sent - read) / PAGES < 3.5
