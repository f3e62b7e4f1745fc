"""Training that reads PostgreSQL in columns gives what reading it row by row gives."""

from __future__ import annotations

import logging
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st
from sqlalchemy import (
    exists,
    func,
    select,
    text,
)

from prisml import Feature, Gate, GroupSplit, TimeSplit, days_since, expression, hour_of, related
from prisml.errors import EncodingError
from prisml.extraction import stream
from prisml.extraction.stream import extract
from tests.support.columnar import Still, both, same
from tests.support.database import opened
from tests.support.things import BEFORE, SOME_DIGITS, TEXTS, VALUES, Colour, Shop, Thing, define, fill, many, rows_of


@pytest.fixture
def engine(postgresql_url):
    """An engine on an empty database of PostgreSQL's."""
    with opened(postgresql_url) as found:
        yield found


unhurried = settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


@unhurried
@given(
    drawn=st.lists(st.fixed_dictionaries({name: st.none() | each for name, each in VALUES.items()}), min_size=1, max_size=25),
    shops=st.lists(
        st.fixed_dictionaries(
            {"id": st.integers(1, 3), "city": st.none() | TEXTS, "turnover": st.none() | st.decimals(-(10**9), 10**9, places=20)}
        ),
        max_size=3,
    ),
)
def test_columns_give_what_rows_give(engine, monkeypatch, caplog, drawn, shops):
    """Of every type, with NULLs, related columns, SQL and transforms, the matrix and its categories are the same to the bit."""
    fill(engine, rows_of(drawn), shops)
    try:
        ways = both(define(), engine, monkeypatch, caplog)
    except EncodingError:
        # A ratio beyond float32, which either way refuses.
        reject()
    same(*ways)


def test_slices_and_another_versions_inputs_are_those_of_rows(engine, monkeypatch, caplog):
    """What gates divide by, and the rows encoded by inputs that read columns, related ones and SQL that the features read or do not."""
    fill(engine, rows_of(many()), [{"id": number, "city": f"c{number}", "turnover": number} for number in (1, 2, 3)])
    sliced = [Thing.word, Thing.colour, Thing.flag, related(Thing.shop, Shop.city), related(Thing.other, Shop.city)]
    gates = [Gate("accuracy", min=0.1, slice=each) for each in sliced]
    features = {"whole": Thing.whole, "twice": expression(Thing.whole * 2)}
    more = {"city": related(Thing.shop, Shop.city), "colour": Thing.colour, "price": Thing.price, "age": days_since(Thing.at)}
    inputs = define({**more, **features}).inputs
    columns, rows = both(define(features, gates=gates), engine, monkeypatch, caplog, beside=inputs)
    same(columns, rows)
    assert columns.beside.problem is None
    assert set(columns.slices) == {"word", "colour", "flag", "shop.city", "other.city"}
    with monkeypatch.context() as patch:
        patch.setattr(stream, "datetime", Still)
        alone = extract(define({**more, **features}), engine)
    assert columns.beside.matrix.tobytes() == alone.matrix.tobytes()


@pytest.mark.parametrize(
    ("label", "options"),
    [
        (Thing.flag, {}),
        (Thing.word, {"task": "multiclass"}),
        (Thing.colour, {"task": "binary", "positive": Colour.RED}),
        (Thing.shade, {"task": "binary", "positive": Colour.RED}),
        (Thing.size, {"task": "binary", "positive": "small"}),
        (Thing.whole, {"task": "multiclass"}),
        (Thing.whole, {"task": "regression"}),
        (Thing.number, {}),
        (Thing.price, {}),
        (Thing.rate, {}),
        (expression(Thing.whole > 1), {}),
        (expression(select(func.sum(Shop.id)).where(Shop.id > Thing.shop_id).scalar_subquery()), {"task": "multiclass"}),
    ],
)
def test_labels_are_those_of_rows(engine, monkeypatch, caplog, label, options):
    """Labels of every kind are the same values and codes, and the same rows are dropped for want of one."""
    fill(engine, many())
    columns, rows = both(
        define({"hour": hour_of(Thing.at), "tenure": days_since(Thing.day)}, label=label, **options), engine, monkeypatch, caplog
    )
    same(columns, rows)
    assert list(map(type, columns.label_values)) == list(map(type, rows.label_values))
    assert columns.extracted == 400


@pytest.mark.parametrize(
    "split",
    [
        TimeSplit(Thing.at),
        TimeSplit(Thing.day),
        *(
            GroupSplit(column)
            for column in (Thing.word, Thing.price, Thing.colour, Thing.shade, Thing.ident, Thing.seen, Thing.day, Thing.first)
        ),
    ],
)
def test_splits_are_those_of_rows(engine, monkeypatch, caplog, split):
    """What rows are divided by is the same, also where a feature reads the column as a number."""
    fill(engine, many())
    same(*both(define({"price": Thing.price, "word": Thing.word, "days": days_since(Thing.day)}, split=split), engine, monkeypatch, caplog))


@pytest.mark.parametrize(
    "options",
    [
        {"as_of": (date(2022, 1, 1), date(2023, 6, 1)), "where": expression(lambda as_of: Thing.at < as_of)},
        {"as_of": date(2022, 1, 1)},
        {"as_of": Thing.seen, "split": "time"},
    ],
)
def test_moments_are_those_of_rows(engine, monkeypatch, caplog, options):
    """Seen at dates or each at its own moment, rows have the same moments, entities and features, and the same are dropped."""
    fill(engine, many())
    label = expression(lambda as_of: exists().where(Shop.id == Thing.shop_id, Thing.at < as_of + timedelta(days=30)))
    features = {"before": BEFORE, "tenure": days_since(Thing.day, stable=True), "word": Feature(Thing.word, stable=True)}
    columns, rows = both(define(features, label=label, **options), engine, monkeypatch, caplog)
    same(columns, rows)
    assert columns.extracted > 0


@settings(unhurried, max_examples=15)
@given(numbers=st.lists(SOME_DIGITS, min_size=30, max_size=60))
def test_postgresql_rounds_decimals_as_python_does(engine, numbers):
    """Numeric becomes the float64 that float() makes of the Decimal, however many digits it has."""
    with engine.connect() as connection:
        values = ", ".join(f"({number:f})" for number in numbers)
        found = connection.exec_driver_sql(f"SELECT n::double precision, n FROM (VALUES {values}) AS t(n)").all()
    assert [float(number) for _, number in found] == [rounded for rounded, _ in found]


def test_columns_see_one_moment(engine, monkeypatch, caplog):
    """What others write and commit meanwhile is in neither session's view."""
    fill(engine, many())
    expected, _ = both(define(), engine, monkeypatch, caplog)

    def write(step, done, total):
        with engine.begin() as connection:
            connection.execute(text("UPDATE things SET word = 'changed', whole = 7"))
            connection.execute(text("DELETE FROM things WHERE second = 5"))

    with monkeypatch.context() as patch, caplog.at_level(logging.DEBUG, "prisml"):
        patch.setattr(stream, "datetime", Still)
        caplog.clear()
        same(extract(define(), engine, progress=write), expected)
        assert "were read in columns" in caplog.text
    assert extract(define(), engine).extracted == 399
