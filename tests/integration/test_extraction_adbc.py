"""Training that reads PostgreSQL in columns: its results are those of reading row by row, and where they might not be, rows are read."""

from __future__ import annotations

import enum
import logging
import random
import re
import uuid
from contextlib import contextmanager
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import (
    CHAR,
    REAL,
    DateTime,
    Double,
    Enum,
    Float,
    ForeignKey,
    Integer,
    Numeric,
    String,
    TypeDecorator,
    Uuid,
    case,
    create_engine,
    event,
    exists,
    func,
    insert,
    make_url,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from prisml import Feature, GroupSplit, TimeSplit, days_since, define_model, expression, hour_of, hours_since, ratio, related, resolver
from prisml.errors import DatabaseConnectionError, EncodingError, FeatureExtractionError
from prisml.extraction import stream
from prisml.extraction.columnar import session
from prisml.extraction.columnar.refusal import RowByRow
from prisml.extraction.stream import extract
from tests.support.database import opened


class Base(DeclarativeBase):
    pass


class Colour(enum.Enum):
    RED = "a red one"
    BLUE = "it's blue"
    SEA = "it's blue"  # noqa: PIE796 -- An alias, as enumerations have.


class Shout(TypeDecorator[str]):
    impl = String(20)
    cache_ok = True

    def process_result_value(self, value, dialect):
        return None if value is None else value.upper()


class Stripped(TypeDecorator[str]):
    """Changes only what is stored."""

    impl = String(200)
    cache_ok = True

    def process_bind_param(self, value, dialect):
        return None if value is None else value.strip()


class Shop(Base):
    __tablename__ = "shops"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    city: Mapped[str | None]
    turnover: Mapped[Decimal | None] = mapped_column(Numeric(40, 20))


class Thing(Base):
    __tablename__ = "things"

    first: Mapped[str] = mapped_column(String(30), primary_key=True)
    second: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    whole: Mapped[int | None]
    number: Mapped[float | None] = mapped_column(Double)
    price: Mapped[Decimal | None] = mapped_column(Numeric)
    rate: Mapped[float | None] = mapped_column(Numeric(30, 12, asdecimal=False))
    flag: Mapped[bool | None]
    word: Mapped[str | None]
    code: Mapped[str | None] = mapped_column(CHAR(5))
    neat: Mapped[str | None] = mapped_column(Stripped)
    colour: Mapped[Colour | None] = mapped_column(Enum(Colour, name="colours"))
    shade: Mapped[Colour | None] = mapped_column(
        Enum(Colour, name="shades", native_enum=False, length=20, values_callable=lambda kind: [each.value for each in kind])
    )
    size: Mapped[str | None] = mapped_column(Enum("small", "large", name="sizes"))
    ident: Mapped[uuid.UUID | None] = mapped_column(Uuid)
    day: Mapped[date | None]
    at: Mapped[datetime | None]
    seen: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    loud: Mapped[str | None] = mapped_column(Shout)
    short: Mapped[float | None] = mapped_column(REAL)
    rounded: Mapped[Decimal | None] = mapped_column(Float(53, asdecimal=True))
    many: Mapped[list[int] | None] = mapped_column(ARRAY(Integer))
    shop_id: Mapped[int | None] = mapped_column(ForeignKey("shops.id"))
    other_id: Mapped[int | None] = mapped_column(ForeignKey("shops.id"))
    shop: Mapped[Shop | None] = relationship(foreign_keys=[shop_id])
    other: Mapped[Shop | None] = relationship(foreign_keys=[other_id])


# What PostgreSQL's text has, but for its one refusal: the character 0.
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
WHEN = st.datetimes(datetime(1, 1, 2), datetime(9998, 12, 30))
SOME_DIGITS = st.decimals(-(10**9), 10**9).filter(lambda number: number == 0 or abs(number) > Decimal("1e-30"))
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "whole": st.integers(-(2**24), 2**24),
    "number": st.floats(-1e30, 1e30).filter(lambda x: x == 0 or abs(x) > 1e-30) | st.just(float("nan")),
    "price": SOME_DIGITS | st.just(Decimal("NaN")),
    "rate": st.decimals(-(10**9), 10**9, places=12).map(float),
    "flag": st.booleans(),
    "word": TEXTS | st.sampled_from(["a", "b", "é", "'; --", "%s", "\\"]),
    "code": st.sampled_from(["", "a", "ab ", "abcde"]),
    "neat": st.sampled_from([" a ", "b", ""]),
    "colour": st.sampled_from(Colour),
    "shade": st.sampled_from(Colour),
    "size": st.sampled_from(["small", "large"]),
    "ident": st.uuids() | st.sampled_from([uuid.UUID(int=1), uuid.UUID(int=2)]),
    "day": st.dates(date(1, 1, 2), date(9998, 1, 1)),
    "at": WHEN,
    "seen": WHEN.map(lambda moment: moment.replace(tzinfo=UTC)),
    "shop_id": st.integers(1, 3),
    "other_id": st.integers(1, 3),
}
FEATURES = {
    "whole": Thing.whole,
    "postcode": Feature(Thing.whole, categorical=True),
    "number": Thing.number,
    "price": Thing.price,
    "rate": Thing.rate,
    "flag": Thing.flag,
    "word": Thing.word,
    "code": Thing.code,
    "neat": Thing.neat,
    "colour": Thing.colour,
    "shade": Thing.shade,
    "size": Thing.size,
    "ident": Thing.ident,
    "days": days_since(Thing.day),
    "hours": hours_since(Thing.at),
    "hour": hour_of(Thing.seen, tz="America/New_York"),
    "each": ratio(Thing.number, Thing.price),
    "city": related(Thing.shop, Shop.city),
    "turnover": related(Thing.shop, Shop.turnover),
    "elsewhere": related(Thing.other, Shop.city),
    "upper": expression(func.upper(Thing.word, type_=String)),
    "times": expression(Thing.whole * 0.1 - 2.5),
    "doubled": expression(Thing.price * Decimal("2.50")),
    "kind": expression(case((Thing.word == "it's 100%", "yes\\"), (Thing.word.in_(["a", "é", "'; --"]), "%(no)s"), else_=Thing.neat)),
    "count": expression(select(func.count(Shop.id)).where(Shop.id > Thing.shop_id).scalar_subquery()),
    "sum": expression(select(func.sum(Shop.id)).where(Shop.id > Thing.shop_id).scalar_subquery()),
    "latest": days_since(expression(func.coalesce(Thing.at, datetime(1969, 12, 31, 1, 2, 3, 4), type_=DateTime))),
}
ALWAYS = expression(Thing.second % 2 == 0)


def _define(features=None, **options):
    return define_model(
        Thing,
        output="guess",
        features=features or FEATURES,
        **{"label": ALWAYS, "name": "guess", **options},
    )


def _rows_of(drawn):
    empty = dict.fromkeys((column.key for column in Thing.__table__.columns), None)
    return [{**empty, "first": f"k{number % 3}", "second": number, **row} for number, row in enumerate(drawn)]


def _fill(engine, rows, shops=()):
    Base.metadata.create_all(engine)
    usual = [{"id": number, "city": f"c{number}", "turnover": number} for number in (1, 2, 3)]
    with engine.begin() as connection:
        connection.execute(text("TRUNCATE things, shops CASCADE"))
        connection.execute(insert(Shop), list({shop["id"]: shop for shop in [*usual, *shops]}.values()))
        if rows:
            connection.execute(insert(Thing), rows)


@contextmanager
def _row_by_row(monkeypatch):
    @contextmanager
    def refuse(*_):
        raise RowByRow
        yield

    with monkeypatch.context() as patch:
        patch.setattr(stream, "columnar", refuse)
        yield


def _both(definition, engine, monkeypatch, caplog):
    """What columns give, and what rows give, extracted at one moment; that columns were read is certain."""
    caplog.clear()
    with caplog.at_level(logging.DEBUG, "prisml"), monkeypatch.context() as patch:
        patch.setattr(stream, "datetime", _Still)
        columns = extract(definition, engine)
        assert "were read in columns" in caplog.text, caplog.text
        with _row_by_row(monkeypatch):
            rows = extract(definition, engine, page_size=7)
    return columns, rows


class _Still(datetime):
    @classmethod
    def now(cls, tz=None):
        return datetime(2026, 3, 4, 5, 6, 7, 8, tz)


def _same(one, other):
    for field in fields(one):
        left, right = getattr(one, field.name), getattr(other, field.name)
        if isinstance(left, np.ndarray):
            assert left.dtype == right.dtype, field.name
            assert left.tobytes() == right.tobytes(), field.name
        else:
            assert repr(left) == repr(right), field.name


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
    _fill(engine, _rows_of(drawn), shops)
    _same(*_both(_define(), engine, monkeypatch, caplog))


def _many(count=400):
    source = random.Random(count)  # noqa: S311
    return _rows_of(
        [
            {
                "whole": source.choice([None, 1, 2, 3]),
                "number": source.choice([None, float("nan"), source.random()]),
                "price": source.choice([None, Decimal("NaN"), Decimal(source.randrange(10**30)).scaleb(-25)]),
                "rate": source.random(),
                "flag": source.choice([None, True, False]),
                "word": source.choice([None, "é", "b"]),
                "colour": source.choice([None, *Colour]),
                "shade": source.choice([None, *Colour]),
                "size": source.choice([None, "small", "large"]),
                "ident": source.choice([None, uuid.UUID(int=1), uuid.UUID(int=2)]),
                "day": date(1960, 1, 1) + timedelta(days=source.randrange(30_000)),
                "at": datetime(2020, 1, 1) + timedelta(seconds=source.random() * 1e8),
                "seen": source.choice([None, datetime(2025, 12, 1, tzinfo=UTC) + timedelta(hours=source.randrange(4_000))]),
                "shop_id": source.choice([None, 1, 2]),
            }
            for _ in range(count)
        ]
    )


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
    _fill(engine, _many())
    columns, rows = _both(
        _define({"hour": hour_of(Thing.at), "tenure": days_since(Thing.day)}, label=label, **options), engine, monkeypatch, caplog
    )
    _same(columns, rows)
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
    _fill(engine, _many())
    _same(
        *_both(_define({"price": Thing.price, "word": Thing.word, "days": days_since(Thing.day)}, split=split), engine, monkeypatch, caplog)
    )


BEFORE = expression(lambda as_of: select(func.count(Shop.id)).where(Shop.id < 3, Thing.at < as_of - timedelta(days=3)).scalar_subquery())


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
    _fill(engine, _many())
    label = expression(lambda as_of: exists().where(Shop.id == Thing.shop_id, Thing.at < as_of + timedelta(days=30)))
    features = {"before": BEFORE, "tenure": days_since(Thing.day, stable=True), "word": Feature(Thing.word, stable=True)}
    columns, rows = _both(_define(features, label=label, **options), engine, monkeypatch, caplog)
    _same(columns, rows)
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
    _fill(engine, _many())
    expected, _ = _both(_define(), engine, monkeypatch, caplog)

    def write(step, done, total):
        with engine.begin() as connection:
            connection.execute(text("UPDATE things SET word = 'changed', whole = 7"))
            connection.execute(text("DELETE FROM things WHERE second = 5"))

    with monkeypatch.context() as patch, caplog.at_level(logging.DEBUG, "prisml"):
        patch.setattr(stream, "datetime", _Still)
        caplog.clear()
        _same(extract(_define(), engine, progress=write), expected)
        assert "were read in columns" in caplog.text
    assert extract(_define(), engine).extracted == 399


def _reason(definition, engine, caplog):
    caplog.clear()
    with caplog.at_level(logging.DEBUG, "prisml"):
        found = extract(definition, engine)
    (told,) = re.findall(r"are read one by one: (.*)\.", caplog.text)
    return found, told


REFUSED = {
    "loud": ({"x": Thing.loud}, {}, "feature 'x' is converted by its type Shout"),
    "real": ({"x": Thing.short}, {}, "feature 'x' is of type float4"),
    "decimals": ({"x": Thing.rounded}, {}, "feature 'x' is converted by its type"),
    "resolver": ({"x": resolver(lambda row: 1, type=int, uses=[Thing.whole])}, {}, "feature 'x' is a resolver"),
    "label": (
        {"x": Thing.word},
        {"label": resolver(lambda row: row.whole == 1, type=bool, uses=[Thing.whole])},
        "the label is a resolver",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_might_differ_is_read_by_rows(engine, caplog, case):
    """Types that convert values, and resolvers, are read one by one, and the log says why."""
    features, options, reason = REFUSED[case]
    rows = _rows_of([{"loud": "a", "short": 1.1, "rounded": 1.5, "whole": 1}] * 20)
    _fill(engine, rows)
    found, told = _reason(_define(features, **options), engine, caplog)
    assert told.startswith(reason)
    assert found.extracted == 20


def test_another_database_is_read_by_rows(sqlite_url, caplog):
    """SQLite has no such driver."""
    with opened(sqlite_url) as engine:
        Base.metadata.tables["shops"].create(engine)
        with engine.begin() as connection:
            connection.execute(insert(Shop), [{"id": 1, "city": "a", "turnover": 1}])
        definition = define_model(Shop, output="guess", name="guess", label=expression(Shop.id > 1), features={"city": Shop.city})
        assert _reason(definition, engine, caplog)[1] == "the database is read by sqlite+pysqlite"


def test_without_the_driver_rows_are_read(engine, caplog, monkeypatch):
    """Where the extra is not installed, extraction works as ever."""
    _fill(engine, _many(20))
    monkeypatch.setitem(__import__("sys").modules, "adbc_driver_postgresql.dbapi", None)
    found, told = _reason(_define(), engine, caplog)
    assert told == "there is no module 'adbc_driver_postgresql.dbapi'"
    assert found.extracted == 20


def test_options_of_the_url_are_not_guessed(postgresql_url, caplog):
    """A URL with options beyond sslmode is read by rows, and neither option nor password is in the log."""
    url = make_url(postgresql_url).update_query_dict({"application_name": "open-sesame"})
    with opened(url.render_as_string(hide_password=False)) as engine:
        _fill(engine, _many(20))
        assert _reason(_define(), engine, caplog)[1] == "the URL has the options application_name"
        assert "open-sesame" not in caplog.text


def test_sslmode_is_passed_on(postgresql_url, caplog, monkeypatch):
    """A URL with sslmode is read in columns."""
    url = make_url(postgresql_url).update_query_dict({"sslmode": "prefer"})
    with opened(url.render_as_string(hide_password=False)) as engine:
        _fill(engine, _many(20))
        _same(*_both(_define(), engine, monkeypatch, caplog))


def test_passwords_are_passed_on_whole(engine, caplog, monkeypatch):
    """Characters that have a meaning in URLs and connection strings do not tear a password apart, and it is in no log."""
    password = "p@ss wörd/'\\?#%+"
    assert session.conninfo(make_url("postgresql+psycopg://h/d").set(username="u", password=password)).count("password=") == 1
    from psycopg.conninfo import conninfo_to_dict

    assert conninfo_to_dict(session.conninfo(engine.url.set(password=password)))["password"] == password


@pytest.mark.parametrize("setting", ["search_path = shadow, public", "ROLE reader"])
def test_settings_of_the_applications_sessions_are_heeded(postgresql_url, caplog, setting):
    """Where each session of the engine's is given a search path or a role, rows are read, which see it."""
    with opened(postgresql_url) as plain:
        _fill(plain, _many(20))
        with plain.begin() as connection:
            connection.execute(text("DROP ROLE IF EXISTS reader"))
            connection.execute(text("CREATE ROLE reader"))
            connection.execute(text("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader"))
            connection.execute(text("CREATE SCHEMA shadow"))
            connection.execute(text("CREATE TABLE shadow.things AS SELECT * FROM things LIMIT 5"))
    engine = create_engine(postgresql_url)

    @event.listens_for(engine, "connect")
    def set_up(connection, record):
        connection.execute(f"SET {setting}")
        connection.commit()

    try:
        found, told = _reason(_define(), engine, caplog)
        assert told == (
            "ADBC reaches another server, or as another user" if "ROLE" in setting else "the session has settings of its own: search_path"
        )
        assert found.extracted == (20 if "ROLE" in setting else 5)
    finally:
        engine.dispose()
        with opened(postgresql_url) as plain, plain.begin() as connection:
            connection.execute(text("DROP OWNED BY reader"))
            connection.execute(text("DROP ROLE reader"))


@pytest.mark.parametrize(
    ("column", "value", "features", "error", "words"),
    [
        ("day", "infinity", {"x": days_since(Thing.day)}, FeatureExtractionError, "Feature 'x' cannot be read"),
        ("at", "-infinity", {"x": hours_since(Thing.at)}, FeatureExtractionError, "Feature 'x' cannot be read"),
        ("seen", "infinity", {"x": hour_of(Thing.seen)}, FeatureExtractionError, "Feature 'x' cannot be read"),
        ("number", "infinity", {"x": Thing.number}, EncodingError, "first='k2', second=5"),
        ("price", "1e50", {"x": Thing.price}, EncodingError, "first='k2', second=5"),
        ("price", "1e400", {"x": Thing.price}, EncodingError, "first='k2', second=5"),
        ("whole", "16777217", {"x": Thing.whole}, EncodingError, "first='k2', second=5"),
    ],
)
def test_errors_are_those_of_rows(engine, caplog, monkeypatch, column, value, features, error, words):
    """A value that cannot be read or encoded is the error that reading rows gives, with the row's key."""
    _fill(engine, _many(20))
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE things SET {column} = '{value}' WHERE second = 5"))
    with pytest.raises(error, match=words) as by_columns:
        extract(_define(features), engine)
    with _row_by_row(monkeypatch), pytest.raises(error) as by_rows:
        extract(_define(features), engine)
    assert str(by_columns.value) == str(by_rows.value)
    assert dict(by_columns.value.context) == dict(by_rows.value.context)


def _sessions(engine):
    with engine.connect() as connection:
        return connection.execute(
            text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
        ).scalar_one()


@pytest.mark.parametrize("kind", [KeyboardInterrupt, ZeroDivisionError])
def test_sessions_are_closed_in_every_case(postgresql_url, kind):
    """Ctrl-C and errors of the caller's own pass through at once, and no session is left open."""
    calls = 0

    def stop(step, done, total):
        nonlocal calls
        calls += 1
        if done:
            raise kind

    with opened(postgresql_url) as other:
        _fill(other, _many(20))
        with opened(postgresql_url) as engine, pytest.raises(kind):
            extract(_define(), engine, progress=stop)
        assert calls == 2
        assert _sessions(other) == 0


def test_a_lost_database_is_told(postgresql_url):
    """Where the server ends all sessions while it is read, that is a DatabaseConnectionError."""
    with opened(postgresql_url) as engine, opened(postgresql_url) as other:
        _fill(other, _many(20))

        def end(step, done, total):
            with other.connect() as connection:
                connection.execute(
                    text(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                    )
                )

        with pytest.raises(DatabaseConnectionError, match="stopped answering"):
            extract(
                _define(
                    as_of=(date(2022, 1, 1), date(2023, 1, 1)),
                    features={"b": BEFORE},
                    label=expression(lambda as_of: Thing.at < as_of + timedelta(days=1)),
                ),
                engine,
                progress=end,
            )
