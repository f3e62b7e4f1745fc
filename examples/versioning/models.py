"""What the application keeps of each prediction that it acts on, beside the customers of the FastAPI example."""

from __future__ import annotations

from sqlalchemy import Double, String
from sqlalchemy.orm import Mapped, mapped_column

from examples.fastapi.models import Base, Customer

__all__ = ["Base", "Customer", "Letter"]


class Letter(Base):
    """A letter that was sent, or not, by what a version said of a customer. ``churned`` is None until 90 days are over."""

    __tablename__ = "letters"

    wave: Mapped[str] = mapped_column(String(20), primary_key=True)
    customer_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    variant: Mapped[str | None] = mapped_column(String(20))
    version: Mapped[int]
    churn_probability: Mapped[float] = mapped_column(Double)
    churned: Mapped[bool | None]
