"""What came of the letters: the outcomes when they are known, and for each variant how far its predictions were from them."""

from __future__ import annotations

import math
from typing import NamedTuple

from sqlalchemy import Integer, case, cast, func, select, update
from sqlalchemy.orm import Session

from examples.versioning.ml import SERVED
from examples.versioning.models import Customer, Letter


class Result(NamedTuple):
    """What a variant did in a wave. The Brier score is the mean squared distance of a probability from what happened: lower is better."""

    wave: str
    variant: str | None
    version: int
    letters: int
    predicted: float
    churned: float
    brier: float
    either_way: float
    """Half of the 95 % interval of the Brier score."""


def close(session: Session, wave: str) -> None:
    """Writes down what the customers of a wave did in the 90 days after it."""
    outcome = select(Customer.churned).where(Customer.id == Letter.customer_id, Customer.day == SERVED).scalar_subquery()
    session.execute(update(Letter).where(Letter.wave == wave).values(churned=outcome), execution_options={"synchronize_session": False})
    session.commit()


def results(session: Session, wave: str) -> list[Result]:
    """One for each variant, by SQL alone."""
    distance = Letter.churn_probability - case((Letter.churned.is_(True), 1.0), else_=0.0)
    squared = distance * distance
    statement = (
        select(
            Letter.variant,
            Letter.version,
            func.count(),
            func.avg(Letter.churn_probability),
            func.avg(cast(Letter.churned, Integer) * 1.0),
            func.avg(squared),
            func.avg(squared * squared),
        )
        .where(Letter.wave == wave, Letter.churned.is_not(None))
        .group_by(Letter.variant, Letter.version)
        .order_by(Letter.version)
    )
    return [_result(wave, *row) for row in session.execute(statement)]


def difference(control: Result, treatment: Result) -> tuple[float, float]:
    """By how much the treatment's Brier score is lower, and half of the 95 % interval of that: the customers are different ones."""
    return control.brier - treatment.brier, math.hypot(control.either_way, treatment.either_way)


def _result(
    wave: str, variant: str | None, version: int, letters: int, predicted: float, churned: float, brier: float, square: float
) -> Result:
    either_way = 1.96 * math.sqrt(max(square - brier * brier, 0.0) / letters)
    return Result(wave, variant, version, letters, predicted, float(churned), brier, either_way)
