"""CDNOW's customers: every purchase of the 23,570 people who first bought there in the first quarter of 1997, until June 1998.

They stand in a file that the package ``lifetimes`` carries. It is read without importing the package.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple


class Purchase(NamedTuple):
    """What somebody bought on one day."""

    day: date
    discs: int
    dollars: float


def purchases() -> Iterator[tuple[int, Purchase]]:
    """Each purchase with the customer's number, by number and day."""
    lines = data_file().read_text(encoding="ascii").splitlines()
    for line in lines[1:]:
        key, day, discs, dollars = line.split()
        yield int(key), Purchase(date.fromisoformat(day), int(discs), float(dollars))


def data_file() -> Path:
    """The file, one line a purchase."""
    spec = importlib.util.find_spec("lifetimes")
    if spec is None or spec.origin is None:
        message = "The package lifetimes is not installed. Install it with: pip install lifetimes"
        raise ModuleNotFoundError(message, name="lifetimes")
    return Path(spec.origin).parent / "datasets" / "CDNOW_master.txt"
