"""One table: what the shop knew of each customer at the start of a quarter."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from prisml.orm import Predicted

# The day on which the service is asked, which is the day after the last purchase in the data.
TODAY = date(1998, 7, 1)


class Base(DeclarativeBase):
    """The tables of the example."""


class Customer(Predicted, Base):
    """A customer as of ``day``: every column counts purchases before that day, except ``churned``, which is about what came after.

    ``churned`` says that nothing was bought in the 90 days from ``day`` on. It is None where these days are not over.
    """

    __tablename__ = "customers"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(primary_key=True)
    purchases: Mapped[int]
    purchases_90d: Mapped[int]
    discs: Mapped[int]
    spent: Mapped[float]
    spent_90d: Mapped[float]
    days_since_first: Mapped[int]
    days_since_last: Mapped[int]
    churned: Mapped[bool | None]
