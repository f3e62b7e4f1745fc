"""URLs of databases: what is refused of one, and that the refusal shows nothing of it."""

from __future__ import annotations

import traceback
from collections.abc import Callable

import pytest
from sqlalchemy import URL, create_engine, make_url

from prisml.errors import ConfigurationError, PrisMLError
from prisml.extraction.database import connect, reaching
from prisml.registry import Registry
from prisml.url import read_url

SECRET = "HUNTER2"
TORN = [f"postgresql+psycopg://u:p@{middle}{SECRET}@localhost:1/shop" for middle in ("ss#", "", "s s", "ss/", "ss:", "s@s/")]


@pytest.mark.parametrize("use", [connect, Registry])
@pytest.mark.parametrize("url", TORN)
def test_a_password_that_was_not_escaped_is_not_shown(url: str, use: Callable[[str], object]):
    """A URL torn apart at a character of its password is refused with how to write that, and no part of it is told."""
    with pytest.raises(ConfigurationError) as caught:
        use(url)
    told = "".join(traceback.format_exception(caught.value)) + repr(caught.value.context)
    assert SECRET not in told
    assert "must be percent-encoded (@ is %40)" in told


@pytest.mark.parametrize("use", [lambda engine: reaching(engine.url).__enter__(), Registry])
def test_an_engine_of_the_callers_own_is_refused_too(use: Callable[[object], object]):
    """An ``Engine`` whose URL was torn apart is refused before the driver can tell its host."""
    with pytest.raises(PrisMLError) as caught:
        use(create_engine(TORN[0]))
    assert SECRET not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://u:p%40ss%23HUNTER2@localhost:1/shop",
        "mysql+pymysql://user@server:p%40ss@server.mysql.example.org/shop",
        "postgresql+psycopg://u:p@[fe80::1]/shop",
        "postgresql+psycopg://u:p#x/y@localhost/shop?options=-c%20x=@",
        "postgresql+psycopg:///shop?host=/var/run/postgresql",
        URL.create("postgresql+psycopg", host="/var/run/postgresql", database="shop"),
        "sqlite:////home/ann@work/a b#c.db",
    ],
)
def test_a_url_that_is_whole_is_left_alone(url: str | URL):
    """Escaped passwords, users with an @, sockets and paths of any spelling are read as SQLAlchemy reads them."""
    assert read_url(url, of="database") == make_url(url)


def test_postgres_is_written_postgresql():
    """The short name that other tools take is answered with the one that SQLAlchemy takes, for the registry as for the database."""
    for use in (connect, Registry):
        with pytest.raises(ConfigurationError) as caught:
            use("postgres://ann@localhost/shop")
        assert caught.value.suggestions == ("postgres:// is written postgresql://.",)
