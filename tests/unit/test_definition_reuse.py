"""What a definition has read can be given to another one, and means there what it meant."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from prisml import DefinitionError, LeakageError, TimeSplit, days_since, define_model, expression
from prisml.extraction.fingerprint import expression_fingerprints
from prisml.extraction.statement import training_statement


class Base(DeclarativeBase):
    pass


class Loan(Base):
    __tablename__ = "loans"

    id: Mapped[int] = mapped_column(primary_key=True)
    granted_at: Mapped[datetime]
    repaid_at: Mapped[datetime]
    amount: Mapped[float]


MONTH = timedelta(days=30)
DATES = [date(2024, 1, 1), date(2024, 3, 1)]

first = define_model(
    Loan,
    name="first",
    output="repaid",
    label=expression(lambda as_of: Loan.repaid_at < as_of + MONTH),
    features={
        "recent": expression(lambda as_of: Loan.granted_at >= as_of - MONTH, stable=True),
        "age": days_since(expression(Loan.granted_at), stable=True),
    },
    where=expression(lambda as_of: Loan.granted_at < as_of),
    as_of=DATES,
)


def test_sql_of_a_definition_keeps_its_moments_in_another() -> None:
    """Label, filter and features of one definition make the same statement, of the same parameters, in another."""
    second = define_model(Loan, name="second", output="repaid", label=first.label, features=first.features, where=first.where, as_of=DATES)
    sources = [source.path for item in first.inputs for source in item.sources]
    one, other = training_statement(first, sources), training_statement(second, sources)
    assert str(one.select) == str(other.select)
    assert one.moments == other.moments
    assert len(one.moments) == 3
    assert second.horizon == first.horizon == MONTH
    assert expression_fingerprints(second) == expression_fingerprints(first)


def test_sql_of_a_definition_follows_the_as_of_of_another() -> None:
    """Where the other definition sees each row at its own moment, so does the SQL that was read for dates."""
    second = define_model(
        Loan, name="second", output="repaid", label=first.label, features=first.features, where=first.where, as_of=Loan.granted_at
    )
    statement = training_statement(second, [source.path for item in second.inputs for source in item.sources])
    assert statement.moments == ()
    assert "as_of_" not in str(statement.select.compile().params)


def test_guards_see_the_label_of_another_definition() -> None:
    """A label that looks ahead is refused where it may not, even if another definition has read it."""
    with pytest.raises(DefinitionError, match="looks ahead"):
        define_model(Loan, name="second", output="repaid", label=first.label, features={"amount": Loan.amount})
    with pytest.raises(DefinitionError, match="whose label looks ahead to 2024-03-31, past 2024-03-15"):
        define_model(
            Loan,
            name="second",
            output="repaid",
            label=first.label,
            features={"recent": first.features["recent"]},
            as_of=[date(2024, 3, 1), date(2024, 3, 15)],
            split=TimeSplit(test_from=date(2024, 3, 15)),
        )
    with pytest.raises(LeakageError, match="looks 30 days past as_of"):
        define_model(Loan, name="second", output="repaid", label=first.label, features={"ahead": first.label}, as_of=DATES)
