"""What the words of a command line become: versions, shares of an experiment, moments."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import click

LARGEST = 2**31 - 1
"""The largest number that the registry's column holds."""

Which = int | str
"""A version by its number, or by its label."""


def version(text: str) -> Which:
    """A version's number as an int, or its label as a str; what is a number is never taken for a label."""
    text = text.strip()
    if not text:
        raise click.BadParameter("a version is a number or a label")
    if not text.lstrip("+-").isdecimal():
        return text
    if len(text) > len(str(LARGEST)) or not 1 <= int(text) <= LARGEST:
        raise click.BadParameter("a version's number is 1 or more, as `prisml versions` shows it")
    return int(text)


def share(text: str) -> tuple[Which, float]:
    """``VERSION=WEIGHT``: a version, and the part of the keys that it serves, from 0 to 1."""
    name, _, weight = text.rpartition("=")
    try:
        part = float(weight)
    except ValueError:
        part = math.nan
    if not name or not 0 <= part <= 1:
        raise click.BadParameter("write a version and its weight from 0 to 1, as in 2=0.1")
    return version(name), part


def forced(text: str) -> tuple[str, Which]:
    """``KEY=VERSION``: a key as it was typed, and the version that serves it whatever its share."""
    key, _, name = text.rpartition("=")
    if not key:
        raise click.BadParameter("write a key and the version that serves it, as in 42=2")
    return key, version(name)


def moment(text: str) -> datetime:
    """A moment in ISO 8601, in UTC: so it is read where it says no zone; a date is its first moment."""
    try:
        read = datetime.fromisoformat(text)
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        raise click.BadParameter("write a moment in ISO 8601, as in 2026-03-01 or 2026-03-01T12:00+01:00") from None
