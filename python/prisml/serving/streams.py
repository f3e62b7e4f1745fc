"""The connection that a stored object is asked for over; and streams of rows that another statement on it would cut off."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection
from sqlalchemy.ext.horizontal_shard import ShardedSession
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import instance_state

from prisml.errors import ConfigurationError


def bind_arguments(session: Session, row: object) -> dict[str, Any]:
    """What ``session`` finds the database of ``row`` by: its mapper, and of several shards the object itself."""
    mapper = instance_state(row).mapper
    return {"mapper": mapper, "instance": row} if isinstance(session, ShardedSession) else {"mapper": mapper}


def refuse_cut_stream(connection: Connection, model: str) -> None:
    """``ConfigurationError`` where the driver still has rows of a stream to fetch, and would drop them when it is asked something else.

    MySQL's protocol answers one statement at a time. PyMySQL and aiomysql throw away what is left, with a warning alone.
    """
    pending = getattr(connection.connection.driver_connection, "_result", None)
    if getattr(pending, "unbuffered_active", False):
        raise ConfigurationError(
            f"Model {model!r}: the database has to be asked for features in the middle of a stream of rows.",
            {"model": model},
            ["MySQL would drop the rest of the stream. Read it to its end first, or leave out yield_per and stream_results."],
        )
