"""What is said where the registry's database refuses: never a statement, a value or a password."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import URL, Engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from prisml.errors import RegistryError
from prisml.registry import sqlite
from prisml.url import first_line

_FULL_POSTGRESQL = "53100"
_NO_RIGHT_POSTGRESQL = "42501"
_FULL_MYSQL = frozenset({1021, 1114})
_NO_RIGHT_MYSQL = frozenset({1044, 1045, 1142})


@contextmanager
def translated(place: str, engine: Engine) -> Iterator[None]:
    """Turn what SQLAlchemy, the driver and the file system raise into ``RegistryError``; nothing was changed then."""
    try:
        yield
    # The driver's own error where the connection is lost while its isolation level is set: SQLAlchemy wraps what statements raise.
    except (SQLAlchemyError, engine.dialect.loaded_dbapi.Error) as error:
        raise _refusal(error, place, engine.url) from None
    except OSError as error:
        raise RegistryError(
            f"The registry {place} cannot be used: {type(error).__name__}.",
            {"registry": place, "reason": type(error).__name__},
            ["Name a place that can be read, and written by whoever publishes."],
        ) from None


def _refusal(error: Exception, place: str, url: URL) -> RegistryError:
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    context = {"registry": place, "reason": type(cause).__name__}
    code = sqlite.error_code(error)
    if code == sqlite.BUSY:
        return RegistryError(f"The registry {place} is held by another writer.", context, ["Wait until it has finished, then try again."])
    if code == sqlite.READ_ONLY:
        return RegistryError(f"The registry {place} is read-only here.", context, ["Write from where its file and folder can be written."])
    if code == sqlite.CANNOT_OPEN:
        return RegistryError(
            f"The registry {place} cannot be opened: SQLite could not make its files beside it.",
            context,
            ["Use a folder that can be written or a database server; to serve from a read-only place, use a bundle."],
        )
    if code == sqlite.FULL or _is_full(cause):
        return RegistryError(f"The registry {place} has no room left.", context, ["Make room, then try again: nothing was changed."])
    if code == sqlite.NO_DATABASE:
        return RegistryError(
            f"The registry {place} is no SQLite database.", context, ["Name the file that prisml train wrote, or another one."]
        )
    words = f": {first_line(str(cause), url).rstrip('.')}." if _holds_no_value(error, cause) else "."
    return RegistryError(
        f"The registry {place} cannot be used: {type(cause).__name__}{words}",
        context,
        ["Check that it can be reached from here, that the URL is right, and that its user may do this."],
    )


def _is_full(cause: BaseException) -> bool:
    return getattr(cause, "sqlstate", None) == _FULL_POSTGRESQL or _number(cause) in _FULL_MYSQL


def _holds_no_value(error: Exception, cause: BaseException) -> bool:
    """Whether the driver's own words can be told: on connecting, of a missing right, and by SQLite they name places alone."""
    if not isinstance(error, DBAPIError):
        return False
    if error.statement is None or sqlite.error_code(error) is not None:
        return True
    return getattr(cause, "sqlstate", None) == _NO_RIGHT_POSTGRESQL or _number(cause) in _NO_RIGHT_MYSQL


def _number(cause: BaseException) -> int | None:
    number = cause.args[0] if cause.args else None
    return number if isinstance(number, int) else None
