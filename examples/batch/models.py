"""The table that a night's run fills, beside the customers and orders of the example of churn."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Double, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from examples.churn.models import Base, Customer


class CustomerScore(Base):
    """What was predicted of a customer, as of ``night``, and by which versions; the next night replaces the row."""

    __tablename__ = "customer_scores"

    customer_id: Mapped[int] = mapped_column(ForeignKey(Customer.id), primary_key=True, autoincrement=False)
    night: Mapped[date]
    return_probability: Mapped[float] = mapped_column(Double)
    expected_spend: Mapped[float] = mapped_column(Double)
    segment: Mapped[str] = mapped_column(String(10))
    returns_version: Mapped[int]
    spend_version: Mapped[int]
    scored_at: Mapped[datetime]
