"""The mapped classes of the race, as an application would declare them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Float
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

POINT_NUMBERS = tuple(f"x{place}" for place in range(20))
FLIGHT_TEXTS = ("carrier", "origin", "dest")
FLIGHT_NUMBERS = (
    "dep_delay",
    "distance",
    "hour",
    "minute",
    "scheduled_weekday",
    "scheduled_month",
    "plane_year",
    "plane_seats",
    "temp",
    "wind_speed",
)
FLIGHT_WHOLE = frozenset(FLIGHT_NUMBERS) - {"temp", "wind_speed"}


class Base(DeclarativeBase):
    """The tables of the race; none is ever created."""


class _Learned:
    """The key, the moment, and one label for each task."""

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    binary: Mapped[bool]
    multiclass: Mapped[int]
    regression: Mapped[float]


class FlownFlight(_Learned, Base):
    """A flight with its plane and its weather in one row."""

    __tablename__ = "flown"

    dep_delay: Mapped[int | None]
    carrier: Mapped[str | None]
    origin: Mapped[str | None]
    dest: Mapped[str | None]
    distance: Mapped[int | None]
    hour: Mapped[int | None]
    minute: Mapped[int | None]
    scheduled_weekday: Mapped[int | None]
    scheduled_month: Mapped[int | None]
    plane_year: Mapped[int | None]
    plane_seats: Mapped[int | None]
    temp: Mapped[float | None]
    wind_speed: Mapped[float | None]


_numbers: dict[str, Any] = {name: mapped_column(Float) for name in POINT_NUMBERS}
Point = type("Point", (_Learned, Base), {"__tablename__": "points", "__doc__": "Twenty numbers.", **_numbers})

BASES: dict[str, type[Any]] = {"synthetic": Point, "flights": FlownFlight}
