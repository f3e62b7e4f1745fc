"""Where columns might not give what rows give, rows are read; and what ends a reading of columns."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import (
    create_engine,
    event,
    insert,
    make_url,
    text,
)

from prisml import days_since, define_model, expression, hour_of, hours_since, resolver
from prisml.errors import DatabaseConnectionError, EncodingError, FeatureExtractionError
from prisml.extraction.columnar import session
from prisml.extraction.stream import extract
from tests.support.columnar import both, reason, row_by_row, same
from tests.support.database import opened
from tests.support.things import BEFORE, Base, Shop, Thing, define, fill, many, rows_of


@pytest.fixture
def engine(postgresql_url):
    """An engine on an empty database of PostgreSQL's."""
    with opened(postgresql_url) as found:
        yield found


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
    features, options, expected = REFUSED[case]
    rows = rows_of([{"loud": "a", "short": 1.1, "rounded": 1.5, "whole": 1}] * 20)
    fill(engine, rows)
    found, told = reason(define(features, **options), engine, caplog)
    assert told.startswith(expected)
    assert found.extracted == 20


def test_another_database_is_read_by_rows(sqlite_url, caplog):
    """SQLite has no such driver."""
    with opened(sqlite_url) as engine:
        Base.metadata.tables["shops"].create(engine)
        with engine.begin() as connection:
            connection.execute(insert(Shop), [{"id": 1, "city": "a", "turnover": 1}])
        definition = define_model(Shop, output="guess", name="guess", label=expression(Shop.id > 1), features={"city": Shop.city})
        assert reason(definition, engine, caplog)[1] == "the database is read by sqlite+pysqlite"


def test_without_the_driver_rows_are_read(engine, caplog, monkeypatch):
    """Where the extra is not installed, extraction works as ever."""
    fill(engine, many(20))
    monkeypatch.setitem(__import__("sys").modules, "adbc_driver_postgresql.dbapi", None)
    found, told = reason(define(), engine, caplog)
    assert told == "there is no module 'adbc_driver_postgresql.dbapi'"
    assert found.extracted == 20


def test_options_of_the_url_are_not_guessed(postgresql_url, caplog):
    """A URL with options beyond sslmode is read by rows, and neither option nor password is in the log."""
    url = make_url(postgresql_url).update_query_dict({"application_name": "open-sesame"})
    with opened(url.render_as_string(hide_password=False)) as engine:
        fill(engine, many(20))
        assert reason(define(), engine, caplog)[1] == "the URL has the options application_name"
        assert "open-sesame" not in caplog.text


def test_sslmode_is_passed_on(postgresql_url, caplog, monkeypatch):
    """A URL with sslmode is read in columns."""
    url = make_url(postgresql_url).update_query_dict({"sslmode": "prefer"})
    with opened(url.render_as_string(hide_password=False)) as engine:
        fill(engine, many(20))
        same(*both(define(), engine, monkeypatch, caplog))


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
        fill(plain, many(20))
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
        found, told = reason(define(), engine, caplog)
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
    fill(engine, many(20))
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE things SET {column} = '{value}' WHERE second = 5"))
    with pytest.raises(error, match=words) as by_columns:
        extract(define(features), engine)
    with row_by_row(monkeypatch), pytest.raises(error) as by_rows:
        extract(define(features), engine)
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
        fill(other, many(20))
        with opened(postgresql_url) as engine, pytest.raises(kind):
            extract(define(), engine, progress=stop)
        assert calls == 2
        assert _sessions(other) == 0


def test_a_lost_database_is_told(postgresql_url):
    """Where the server ends all sessions while it is read, that is a DatabaseConnectionError."""
    with opened(postgresql_url) as engine, opened(postgresql_url) as other:
        fill(other, many(20))

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
                define(
                    as_of=(date(2022, 1, 1), date(2023, 1, 1)),
                    features={"b": BEFORE},
                    label=expression(lambda as_of: Thing.at < as_of + timedelta(days=1)),
                ),
                engine,
                progress=end,
            )
