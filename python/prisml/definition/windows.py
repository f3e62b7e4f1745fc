"""The time that a label looks ahead: it must be over before the hold-out begins, or training would know the future it is judged on."""

from __future__ import annotations

from datetime import timedelta

from prisml.definition.as_of import AsOfRule
from prisml.definition.moment import moment_of
from prisml.definition.place import Place
from prisml.definition.split import Split, TimeSplit


def check_windows(place: Place, as_of: AsOfRule, horizon: timedelta, split: Split) -> None:
    """``DefinitionError`` where dates alone tell that the label of a training row reaches past the first moment of the hold-out."""
    if not (isinstance(split, TimeSplit) and split.column is None and split.test_from is not None):
        return
    here, start = place.of("the split"), moment_of(split.test_from)
    before = [date for date in as_of.dates if date < start]
    held_out = [date for date in as_of.dates if date >= start]
    if not before or not held_out:
        raise here.error("has all dates of as_of on one side of test_from", "Let test_from lie between two dates of as_of.")
    last, first, end = before[-1], held_out[0], before[-1] + horizon
    if end > first:
        raise here.error(
            f"trains on {last:%Y-%m-%d}, whose label looks ahead to {end:%Y-%m-%d}, past {first:%Y-%m-%d}, the first date held out",
            f"Leave {horizon.days} days between the last date of training and the first of the hold-out.",
        )
