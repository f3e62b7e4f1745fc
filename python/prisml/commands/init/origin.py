"""The database of a first definition: which one is looked at, and which one is written into pyproject.toml."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from prisml.config import Config
from prisml.url import read_or_none

_INSTANCE = Path("instance")
"""The folder that Flask-SQLAlchemy takes a relative path to be in."""


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
        # What is configured may not be filled yet; what is given is meant.
        looks = given is not None or not _is_absent(config.database)
        return Origin(config.database if looks else None, None if secret else given, told)
    if len(in_code) != 1:
        return Origin(by_hand=("Say where the database is: DATABASE_URL in the environment, or database in pyproject.toml.",))
    (only,) = in_code
    path = Path(only.partition(":///")[2])
    if is_there and not path.is_file() and (_INSTANCE / path).is_file():
        only, path = f"sqlite:///{(_INSTANCE / path).as_posix()}", _INSTANCE / path
    return Origin(only if is_there and path.is_file() else None, only)


def _is_absent(url: str) -> bool:
    """Whether it is a file of SQLite that is not there."""
    scheme, separator, path = url.partition(":///")
    return (
        bool(separator) and scheme.startswith("sqlite") and not path.startswith((":", "file:")) and bool(path) and not Path(path).exists()
    )


def _may_hold_secret(url: str) -> bool:
    """Whether it has a password, or a query: drivers take a password there, too, under names of their own."""
    parsed = read_or_none(url)
    return parsed is None or parsed.password is not None or bool(parsed.query)
