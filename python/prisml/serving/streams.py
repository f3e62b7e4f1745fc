"""Streams of rows that another statement on their connection would cut off."""

from __future__ import annotations

from sqlalchemy import Connection

from prisml.errors import ConfigurationError


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
