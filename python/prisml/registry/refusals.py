"""What is said where the registry's database refuses: never a statement, a value or a password."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from prisml.errors import RegistryError
from prisml.registry import sqlite

_FULL_POSTGRESQL = "53100"
_FULL_MYSQL = frozenset({1021, 1114})


@contextmanager
def translated(place: str) -> Iterator[None]:
    """Turn what SQLAlchemy and the file system raise into ``RegistryError``; nothing was changed then."""
    try:
        yield
    except SQLAlchemyError as error:
        raise _refusal(error, place) from None
    except OSError as error:
        raise RegistryError(
            f"The registry {place} cannot be used: {type(error).__name__}.",
            {"registry": place, "reason": type(error).__name__},
            ["Name a place that can be read, and written by whoever publishes."],
        ) from None


def _refusal(error: SQLAlchemyError, place: str) -> RegistryError:
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
    return RegistryError(
        f"The registry {place} cannot be used: {type(cause).__name__}.",
        context,
        ["Check that it can be reached from here, that the URL is right, and that its user may do this."],
    )


def _is_full(cause: BaseException) -> bool:
    number = cause.args[0] if cause.args else None
    return getattr(cause, "sqlstate", None) == _FULL_POSTGRESQL or (isinstance(number, int) and number in _FULL_MYSQL)
