"""Moments that ``as_of`` may be given as, and that are none."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pandas as pd
import pytest

from prisml.errors import EncodingError
from prisml.serving import Engine
from tests.artifacts import make_artifact

ROW = {"age": 41, "country": "DE"}
EAST, WEST = timezone(timedelta(hours=5)), timezone(timedelta(hours=-5))


@pytest.mark.parametrize("as_of", [pd.NaT, datetime(1, 1, 1, tzinfo=EAST), datetime.max.replace(tzinfo=WEST)])
def test_an_as_of_that_is_no_moment_is_refused(as_of: datetime):
    """NaT, and a moment that has no equal in UTC, are an ``EncodingError`` by their type."""
    engine = Engine.from_artifact(make_artifact())
    for predict in (lambda: engine.predict(ROW, as_of=as_of), lambda: engine.predict_many([ROW], as_of=as_of)):
        with pytest.raises(EncodingError, match=f"as_of is a {type(as_of).__name__} that is no moment in UTC"):
            predict()


def test_a_timestamp_of_pandas_is_a_moment():
    """A ``Timestamp`` is a datetime like any other."""
    engine = Engine.from_artifact(make_artifact())
    assert engine.predict(ROW, as_of=pd.Timestamp("2021-01-01", tz="Europe/Berlin")) == engine.predict(ROW)
