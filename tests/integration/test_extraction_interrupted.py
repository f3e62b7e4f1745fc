"""Extractions that are interrupted or lose their connection: nothing stays open, and no matrix is of two states."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert, select, update

from prisml import ModelDefinition, define_model, related, resolver
from prisml.errors import DatabaseConnectionError
from prisml.extraction.reading import Failure, LostConnectionError
from prisml.extraction.stream import extract
from prisml.progress import Progress
from prisml.registry import Registry
from tests.support.console import MODEL, environment, shop
from tests.support.customers import Account, Customer, create, customer
from tests.support.database import opened
from tests.support.transactions import end_others, open_transactions

SERVERS = ("postgresql", "mysql")


def _definition(seen: Callable[[Customer], float] = lambda row: row.age) -> ModelDefinition[Customer]:
    features = {"seen": resolver(seen, type=float, uses=[Customer.age]), "balance": related(Customer.account, Account.balance)}
    return define_model(Customer, output="risk", label=Customer.churned, features=features)


def _fill(engine: Engine) -> None:
    create(engine, [customer(number, age=number, account_id=1) for number in range(100)], [{"id": 1, "balance": 5}])


def _once(at: int, act: Callable[[], None]) -> tuple[Progress, list[tuple[str, int]]]:
    """A progress that acts when so many rows are read for the first time, and the steps that it was told of."""
    told: list[tuple[str, int]] = []

    def note(step: str, done: int, total: int | None) -> None:
        if (step, done) == ("extract", at):
            act()
        told.append((step, done))

    return note, told


def _interrupt(row: Customer) -> float:
    if row.age == 55:
        raise KeyboardInterrupt
    return row.age


@pytest.mark.parametrize("dialect", SERVERS)
def test_an_interruption_leaves_no_transaction_open(request: pytest.FixtureRequest, dialect: str):
    """Ctrl-C within a page passes through as it is; the server has no transaction of ours left, where there was one before."""
    counts: list[int] = []
    with opened(request.getfixturevalue(f"{dialect}_url")) as engine, opened(engine.url.render_as_string(hide_password=False)) as other:
        _fill(engine)
        progress, _ = _once(50, lambda: counts.append(open_transactions(other)))
        with pytest.raises(KeyboardInterrupt):
            extract(_definition(_interrupt), engine, page_size=10, progress=progress)
        assert (counts, open_transactions(other)) == ([1], 0)
        assert extract(_definition(), engine).extracted == 100


@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_an_interruption_leaves_sqlite_free(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, journal: str):
    """After Ctrl-C nobody reads the file any more: its write-ahead log can be emptied, and a temporary copy is gone."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "copies"))
    (tmp_path / "copies").mkdir()
    with opened(sqlite_url, journal=journal) as engine, closing(sqlite3.connect(str(tmp_path / "data.db"), timeout=0)) as other:

        def emptied() -> bool:
            """Whether the log could be put into the file whole, which no reader of an older state allows."""
            other.execute("UPDATE customers SET spent = 1")
            other.commit()
            return not other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]

        _fill(engine)
        free: list[bool] = []
        progress, _ = _once(50, lambda: free.append(emptied()))
        with pytest.raises(KeyboardInterrupt):
            extract(_definition(_interrupt), engine, page_size=10, progress=progress)
        assert (free, emptied()) == ([journal == "delete"], True)
    assert list((tmp_path / "copies").iterdir()) == []


SLOW = MODEL.replace(
    'if marker := os.environ.get("SHOP_SLOW"):', 'if (marker := os.environ.get("SHOP_SLOW")) and customer.email.startswith("399@"):'
)


@pytest.mark.parametrize("dialect", SERVERS)
def test_ctrl_c_ends_a_training_and_its_transaction(request: pytest.FixtureRequest, tmp_path: Path, dialect: str):
    """SIGINT while ``prisml train`` extracts: exit code 130, no transaction stays open on the server, and nothing is published."""
    url = request.getfixturevalue(f"{dialect}_url")
    folder, marker = shop(tmp_path, url), tmp_path / "slow"
    (folder / "shop.py").write_text(SLOW)
    command = [sys.executable, "-m", "prisml", "train", "shop.py:churn"]
    with opened(url) as other:
        with subprocess.Popen(
            command,
            cwd=folder,
            env=environment(SHOP_SLOW=str(marker)),
            stderr=subprocess.PIPE,
            text=True,
            # A shell's background job ignores Ctrl-C, and what it starts inherits that.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
        ) as training:
            deadline = time.monotonic() + 60
            while not marker.exists() and time.monotonic() < deadline:
                time.sleep(0.05)
            before = open_transactions(other)
            training.send_signal(signal.SIGINT)
            _, shown = training.communicate(timeout=60)
        assert training.returncode == 130, shown
        assert "stopped during 'extract' (0 of 400 rows), nothing published" in shown
        assert (before, open_transactions(other)) == (1, 0)
    assert Registry(f"sqlite:///{folder}/.prisml/registry.db").names() == ()


@pytest.mark.parametrize("dialect", SERVERS)
def test_a_lost_connection_begins_anew_once(request: pytest.FixtureRequest, dialect: str):
    """What was read before the loss counts no more: the matrix is of the new snapshot alone, and progress tells of it."""
    url = request.getfixturevalue(f"{dialect}_url")
    with opened(url) as engine, opened(url) as other:
        _fill(engine)

        def lose() -> None:
            with other.begin() as connection:
                connection.execute(update(Customer).values(age=Customer.age + 1000))
                connection.execute(update(Account).values(balance=7))
                connection.execute(insert(Customer.__table__), [customer(1000, age=2000, account_id=1)])
            end_others(other)

        progress, told = _once(50, lose)
        found = extract(_definition(), engine, page_size=10, progress=progress)
    assert found.matrix.tolist() == [[number + 1000, 7] for number in (*range(100), 1000)]
    assert [told[0], told[5], told[6], told[-1]] == [("extract", 0), ("extract", 50), ("extract again", 0), ("extract again", 101)]


@pytest.mark.parametrize("dialect", SERVERS)
def test_a_connection_that_is_lost_twice_is_an_error(request: pytest.FixtureRequest, dialect: str):
    """The second loss ends the extraction with a DatabaseConnectionError, exit code 3, which says that it was the second."""
    url = request.getfixturevalue(f"{dialect}_url")
    told: list[str] = []

    def lose(step: str, done: int, total: int | None) -> None:
        told.append(step)
        if done == 50:
            end_others(other)

    with opened(url) as engine, opened(url) as other:
        _fill(engine)
        with pytest.raises(DatabaseConnectionError, match=r"stopped answering.*That was the second time") as caught:
            extract(_definition(), engine, page_size=10, progress=lose)
    assert caught.value.exit_code == 3
    assert list(dict.fromkeys(told)) == ["extract", "extract again"]
    assert str(engine.url.database) in str(caught.value)


@pytest.mark.parametrize("dialect", SERVERS)
def test_a_connection_lost_while_related_rows_are_read_begins_anew(request: pytest.FixtureRequest, dialect: str):
    """The rows that resolvers use over relationships are of the same snapshot, and go with it."""
    url = request.getfixturevalue(f"{dialect}_url")
    lost: list[float] = []
    with opened(url) as engine, opened(url) as other:
        _fill(engine)

        def balance(row: Customer) -> float:
            if row.age == 55 and not lost:
                # The next thing that is read is the related rows of the next page, or the page itself.
                end_others(other)
                lost.append(row.age)
            return float(row.account.balance)

        features = {"balance": resolver(balance, type=float, uses=[Customer.age, Customer.account])}
        definition = define_model(Customer, output="risk", label=Customer.churned, features=features)
        assert extract(definition, engine, page_size=10).matrix.tolist() == [[5.0]] * 100
    assert lost == [55]


@pytest.mark.parametrize("dialect", SERVERS)
def test_a_connection_that_breaks_when_all_is_read_costs_nothing(request: pytest.FixtureRequest, dialect: str):
    """The last page was read: the extraction is whole, and is not begun anew."""
    url = request.getfixturevalue(f"{dialect}_url")
    with opened(url) as engine, opened(url) as other:
        _fill(engine)
        progress, told = _once(100, lambda: end_others(other))
        assert extract(_definition(), engine, page_size=60, progress=progress).extracted == 100
        assert told[-1] == ("extract", 100)
        assert extract(_definition(), engine).extracted == 100


def test_a_locked_sqlite_file_is_no_lost_connection(sqlite_url: str):
    """Somebody else's lock is told as what it is, and not as a loss after which all would be read anew."""
    with opened(f"{sqlite_url}?timeout=0", journal="delete") as engine, closing(sqlite3.connect(str(engine.url.database))) as other:
        _fill(engine)
        other.execute("BEGIN EXCLUSIVE")
        refused = pytest.raises(DatabaseConnectionError, match="locked by somebody else")
        with engine.connect() as connection, refused as caught, Failure(connection, lambda: "the age"):
            connection.execute(select(Customer.age)).all()
    assert caught.value.exit_code == 3
    assert not isinstance(caught.value, LostConnectionError)
