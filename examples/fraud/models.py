"""Two tables: cards, and every payment that was made with one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Double, ForeignKey, Index, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from prisml.orm import Predicted


class Base(DeclarativeBase):
    """The tables of the example."""


class Card(Base):
    """A card, and the country that its holder lives in; neither changes."""

    __tablename__ = "cards"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    home_country: Mapped[str] = mapped_column(String(2))


class Payment(Predicted, Base):
    """Money that was asked for with a card, in UTC. Whether it was fraud is known weeks later, when the holder has complained or not."""

    __tablename__ = "payments"
    # Each feature of each payment looks for what the card did before it.
    __table_args__ = (Index("payments_of_card", "card_id", "made_at"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    card_id: Mapped[int] = mapped_column(ForeignKey(Card.id))
    made_at: Mapped[datetime]
    amount: Mapped[float] = mapped_column(Double)
    category: Mapped[str] = mapped_column(String(20))
    country: Mapped[str] = mapped_column(String(2))
    is_fraud: Mapped[bool]

    card: Mapped[Card] = relationship()
