"""The database of a first definition: which one is looked at, and which one is written into pyproject.toml."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from prisml.config import Config
from prisml.url import read_or_none


@dataclass(frozen=True)
class Origin:
    """The URL to look at, the one to write into pyproject.toml, and what is left to do by hand."""

    look_at: str | None = None
    write: str | None = None
    by_hand: tuple[str, ...] = ()


def origin_of(in_code: Sequence[str], *, is_there: bool, given: str | None, config: Config) -> Origin:
    """What was given or configured, else the only SQLite file that the code names, which may not be there yet.

    A URL with a password is looked at and never written, and neither is that of the environment.
    """
    if config.database is not None:
        secret = given is not None and _may_hold_secret(given)
        told = ("The database's URL may hold a password, and is not written: set DATABASE_URL in the environment.",) if secret else ()
        return Origin(config.database, None if secret else given, told)
    if len(in_code) != 1:
        return Origin(by_hand=("Say where the database is: DATABASE_URL in the environment, or database in pyproject.toml.",))
    (only,) = in_code
    exists = is_there and Path(only.partition(":///")[2]).is_file()
    return Origin(only if exists else None, only)


def _may_hold_secret(url: str) -> bool:
    """Whether it has a password, or a query: drivers take a password there, too, under names of their own."""
    parsed = read_or_none(url)
    return parsed is None or parsed.password is not None or bool(parsed.query)
