"""The guard "changed_later": a column that says when rows were changed tells that today's value is not that of the past."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import Engine, ForeignKey, create_engine, func, insert, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from prisml import Feature, days_since, define_model, expression, related
from prisml.errors import FeatureExtractionError, LeakageError
from prisml.extraction.stream import extract
from prisml.training.fit import fit

SEEN = datetime(2024, 6, 1)
ROWS = 400


class Base(DeclarativeBase):
    pass


class Plan(Base):
    __tablename__ = "plan"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    price: Mapped[float]
    touched: Mapped[datetime] = mapped_column(onupdate=func.now())


class Member(Base):
    __tablename__ = "member"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    age: Mapped[int]
    joined_at: Mapped[datetime]
    updated_at: Mapped[datetime | None]
    left: Mapped[bool]
    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id"))
    plan: Mapped[Plan] = relationship()


class Visit(Base):
    __tablename__ = "visit"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"))
    at: Mapped[datetime]


def filled(url: str, *, members: int, plans: int) -> Engine:
    """A database in which so many members, and so many of ten plans, were changed after the moment that they are seen at."""
    engine = create_engine(url)
    Base.metadata.create_all(engine)
    later, before = SEEN + timedelta(seconds=1), SEEN
    with engine.begin() as connection:
        connection.execute(insert(Plan), [{"id": i, "price": i * 1.5, "touched": later if i < plans else before} for i in range(10)])
        rows = [
            {
                "id": i,
                "age": 20 + i % 50,
                "joined_at": datetime(2020, 1, 1) + timedelta(days=i),
                "updated_at": later if i < members else before if i % 2 else None,
                "left": i * 7 % 11 < 5,
                "plan_id": i % 10,
            }
            for i in range(ROWS)
        ]
        connection.execute(insert(Member), rows)
        connection.execute(insert(Visit), [{"id": i, "member_id": i % ROWS, "at": datetime(2024, 1 + i % 12, 3)} for i in range(2 * ROWS)])
    return engine


def defined(*, as_of=date(2024, 6, 1), waive=()):
    """A model of which two features read members, one plans, and one visits as of then."""
    return define_model(
        Member,
        output="leaves",
        name="leaves",
        label=Member.left,
        features={
            "age": Feature(Member.age, stable=True),
            "tenure": days_since(Member.joined_at, stable=True),
            "price": related(Member.plan, Plan.price, stable=True),
            "visits": expression(
                lambda as_of: select(func.count(Visit.id)).where(Visit.member_id == Member.id, Visit.at < as_of).scalar_subquery()
            ),
        },
        as_of=as_of,
        waive=waive,
        algorithm="decision_tree",
        params={"max_depth": 3},
    )


def test_rows_changed_later_are_counted_in_any_database(database_url: str):
    """Each feature has the share of the rows it reads that were changed after as_of; one of rows with times has none."""
    engine = filled(database_url, members=4, plans=2)
    found = extract(defined(), engine).changed_later
    engine.dispose()
    assert found == pytest.approx({"age": 4 / ROWS, "tenure": 4 / ROWS, "price": 0.2})


def test_a_model_of_values_changed_since_is_refused(sqlite_url: str):
    """Training names each feature, how many rows were changed, and what waives it; a waived one is kept in the manifest."""
    engine = filled(sqlite_url, members=40, plans=0)
    with pytest.raises(LeakageError) as caught:
        fit(defined(), extract(defined(), engine))
    assert caught.value.context["leaks"] == ("changed_later:age", "changed_later:tenure")
    assert "10.0% of the rows" in caught.value.message
    trusting = defined(waive=["changed_later:age", "changed_later:tenure"])
    assert fit(trusting, extract(trusting, engine)).artifact.manifest.waived == ("changed_later:age", "changed_later:tenure")
    engine.dispose()


def test_one_row_of_a_thousand_is_enough(sqlite_url: str):
    """A single row that was changed is found, and rows that were changed at or before as_of are none."""
    engine = filled(sqlite_url, members=1, plans=0)
    assert extract(defined(), engine).changed_later == {"age": 1 / ROWS, "tenure": 1 / ROWS}
    engine.dispose()


def test_rows_seen_now_cannot_have_changed_since(sqlite_url: str):
    """Without as_of what a column shows is what there is, and nothing is asked."""
    engine = filled(sqlite_url, members=40, plans=5)
    assert extract(defined(as_of=None), engine).changed_later == {}
    engine.dispose()


def test_each_row_is_compared_with_its_own_moment(sqlite_url: str):
    """With a column as as_of, a row counts that was changed after the moment in its own column."""
    engine = filled(sqlite_url, members=0, plans=0)
    found = extract(defined(as_of=Member.joined_at), engine).changed_later
    assert found["age"] == pytest.approx(sum(i % 2 for i in range(ROWS)) / ROWS)
    assert found["price"] == 1.0
    engine.dispose()


def test_a_column_that_the_database_lacks_is_no_bug(database_url: str):
    """Where the mapping has such a column and the table does not, the error says so, as for any other column."""
    engine = filled(database_url, members=4, plans=2)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE member DROP COLUMN updated_at"))
    with pytest.raises(FeatureExtractionError, match="does not have what the mapping says"):
        extract(defined(), engine)
    engine.dispose()
