"""The database of a first definition: which one is looked at, and which one is written into pyproject.toml."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from prisml.config import Config


@dataclass(frozen=True)
class Origin:
    """``in_code`` are the SQLite files that the application names; ``is_there`` says whether they can be looked at already."""

    in_code: tuple[str, ...] = ()
    is_there: bool = True
    look_at: str | None = None
    write: str | None = None
    by_hand: tuple[str, ...] = ()


def origin_of(found: Origin, *, given: str | None, config: Config) -> Origin:
    """The URL to look at and the one to write: what was given or configured, else the only SQLite file that the code names.

    A URL with a password is looked at and never written, and neither is that of the environment.
    """
    if config.database is not None:
        secret = given is not None and _has_password(given)
        told = ("The database's URL holds a password, and is not written: set DATABASE_URL in the environment.",) if secret else ()
        return Origin(found.in_code, found.is_there, config.database, None if secret else given, told)
    only = found.in_code[0] if len(found.in_code) == 1 else None
    exists = only is not None and found.is_there and Path(only.partition(":///")[2]).is_file()
    told = () if only else ("Say where the database is: DATABASE_URL in the environment, or database in pyproject.toml.",)
    return Origin(found.in_code, found.is_there, only if exists else None, only, told)


def _has_password(url: str) -> bool:
    try:
        return make_url(url).password is not None
    except ArgumentError:
        # Told where it is opened.
        return True
