"""What is predicted: whether a flight arrives late, and by how many minutes.

The moment is the gate, when the aircraft has pushed back: everything scheduled is known, and so is ``dep_delay``. What is known
only later (``arr_time``, ``air_time``) is no feature. November and December 2013 are held out; the month of a hold-out row is
therefore one that training never saw.
"""

from __future__ import annotations

from datetime import date

from examples.flights.models import Flight, Plane, Weather
from prisml import Feature, Gate, TimeSplit, define_model, expression, month_of, related, resolver, weekday_of

HOLDOUT = TimeSplit(Flight.time_hour, test_from=date(2013, 11, 1))

COLUMNS = {
    "dep_delay": Feature(Flight.dep_delay),
    "carrier": Feature(Flight.carrier),
    "origin": Feature(Flight.origin),
    "dest": Feature(Flight.dest),
    "distance": Feature(Flight.distance),
    "hour": Feature(Flight.hour),
    "minute": Feature(Flight.minute),
}

TIMES = {
    "scheduled_weekday": weekday_of(Flight.time_hour),
    "scheduled_month": month_of(Flight.time_hour),
}

PLANE = {
    "plane_year": related(Flight.plane, Plane.year),
    "plane_seats": related(Flight.plane, Plane.seats),
    "plane_engines": related(Flight.plane, Plane.engines),
    "plane_manufacturer": related(Flight.plane, Plane.manufacturer, min_frequency=200),
}

WEATHER = {
    "temp": related(Flight.weather, Weather.temp),
    "humid": related(Flight.weather, Weather.humid),
    "wind_speed": related(Flight.weather, Weather.wind_speed),
    "wind_gust": related(Flight.weather, Weather.wind_gust),
    "precip": related(Flight.weather, Weather.precip),
    "pressure": related(Flight.weather, Weather.pressure),
    "visib": related(Flight.weather, Weather.visib),
}


def planned_minutes(flight: Flight) -> int:
    """Minutes from the scheduled departure to the scheduled arrival, each by the clock of its own place, past midnight included."""
    leaves = flight.sched_dep_time // 100 * 60 + flight.sched_dep_time % 100
    lands = flight.sched_arr_time // 100 * 60 + flight.sched_arr_time % 100
    return (lands - leaves) % (24 * 60)


late_arrival = define_model(
    Flight,
    output="late_arrival",
    label=expression(Flight.arr_delay > 15),
    features={**COLUMNS, **TIMES, **PLANE, **WEATHER},
    split=HOLDOUT,
    gates=[Gate("roc_auc", min=0.88), Gate("accuracy", better_than="baseline")],
)
"""The probability that the flight arrives more than 15 minutes after its schedule."""

late_arrival_schedule = define_model(
    Flight,
    output="late_arrival",
    label=expression(Flight.arr_delay > 15),
    features={**COLUMNS, **TIMES},
    split=HOLDOUT,
    gates=[Gate("accuracy", better_than="baseline")],
)
"""The same without planes and weather, to show what these add."""

arrival_delay = define_model(
    Flight,
    output="arrival_delay",
    label=Flight.arr_delay,
    task="regression",
    features={
        **COLUMNS,
        **TIMES,
        **PLANE,
        **WEATHER,
        "planned_minutes": resolver(planned_minutes, type=int, uses=[Flight.sched_dep_time, Flight.sched_arr_time]),
    },
    split=HOLDOUT,
    gates=[Gate("r2", min=0.75), Gate("mae", better_than="baseline")],
)
"""By how many minutes the flight arrives after its schedule; negative: before."""
