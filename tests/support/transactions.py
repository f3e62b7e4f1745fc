"""What other sessions of a database do: the transactions that they have open, and their end."""

from __future__ import annotations

import time

from sqlalchemy import Connection, Engine, text

_OPEN = {
    "postgresql": "SELECT count(*) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL",
    "mysql": "SELECT count(*) FROM information_schema.innodb_trx AS t JOIN information_schema.processlist AS p "
    "ON p.id = t.trx_mysql_thread_id WHERE p.db = database() AND p.id <> connection_id()",
}
_OTHERS = {
    "postgresql": "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
    "mysql": "SELECT id FROM information_schema.processlist WHERE db = database() AND id <> connection_id()",
}
_END = {"postgresql": "SELECT pg_terminate_backend(:id)", "mysql": "KILL :id"}
# InnoDB shows its transactions as they were up to a tenth of a second ago.
_STALE_S = 0.15


def open_transactions(engine: Engine) -> int:
    """How many transactions other sessions of the database have open: of PostgreSQL or MariaDB."""
    with engine.connect() as connection:
        if connection.dialect.name == "mysql":
            time.sleep(_STALE_S)
        count: int = connection.execute(text(_OPEN[connection.dialect.name])).scalar_one()
        return count


def end_others(engine: Engine) -> None:
    """End all other sessions of the database, as a server that is restarted does."""
    with engine.connect() as connection:
        for number in _others(connection):
            connection.execute(text(_END[connection.dialect.name]), {"id": number})
        while _others(connection):
            time.sleep(0.01)


def _others(connection: Connection) -> list[int]:
    numbers = list(connection.execute(text(_OTHERS[connection.dialect.name])).scalars())
    connection.rollback()
    return numbers
