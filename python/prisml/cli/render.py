"""What people and programs see: tables and errors by rich, JSON by the standard library.

JSON is written in ASCII: no encoding of stdout, and no half of a surrogate pair in somebody's data, can break it.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from unicodedata import category

from rich.console import Console
from rich.table import Table
from rich.text import Text

from prisml.errors import PrisMLError
from prisml.manifest import Interval

if TYPE_CHECKING:
    from prisml.registry.experiments import Experiment
    from prisml.registry.versions import Version

PLAIN_WIDTH = 120


class _Console(Console):
    """A console that takes text as it is."""

    def __init__(self, *, stderr: bool, width: int | None = None) -> None:
        super().__init__(stderr=stderr, highlight=False, markup=False, emoji=False, width=width)

    def on_broken_pipe(self) -> None:
        """Leave it to the border of the command line: rich would exit with 1, which says that the answer is no."""
        raise BrokenPipeError


def console(*, stderr: bool = False) -> Console:
    """A console on the stream as it is now; in a pipe it is wide enough that tables are not folded."""
    made = _Console(stderr=stderr)
    return made if made.is_terminal else _Console(stderr=stderr, width=PLAIN_WIDTH)


def harmless(text: str) -> str:
    """The text with a replacement character for each that could steer a terminal or turn the direction of writing."""
    return "".join("\ufffd" if char not in "\n\t" and category(char) in {"Cc", "Cf"} else char for char in text)


def _cell(cell: str | Text) -> Text:
    """The cell, with nothing in it that steers a terminal."""
    if isinstance(cell, Text):
        return cell if harmless(cell.plain) == cell.plain else Text(harmless(cell.plain), style=cell.style)
    return Text(harmless(cell))


def write_error(error: PrisMLError) -> None:
    """``error[code]: message`` and the way out, on stderr."""
    lines = Text.assemble((f"error[{error.code}]: ", "bold red"), harmless(error.message))
    for suggestion in error.suggestions:
        lines.append_text(Text.assemble("\n  ", ("hint: ", "cyan"), harmless(suggestion)))
    console(stderr=True).print(lines, soft_wrap=True)


def write_json(document: object) -> None:
    """The document on stdout, indented, with keys in the order given; a number that JSON has no word for is null."""
    sys.stdout.write(json.dumps(_finite(document), indent=2, allow_nan=False, default=_special) + "\n")


def line(document: object) -> str:
    """The document as one line of JSON, with its end of line."""
    return json.dumps(_finite(document), allow_nan=False, default=_special) + "\n"


def say(text: str, *, style: str = "", stderr: bool = False) -> None:
    """A sentence on a line of its own."""
    console(stderr=stderr).print(Text(harmless(text), style=style), soft_wrap=True)


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str | Text]], *, right: Sequence[str] = ()) -> Table:
    """A table whose cells are taken as they are; the columns named in ``right`` are set to the right."""
    made = Table(title=harmless(title), title_justify="left", title_style="bold", header_style="bold", show_header=any(columns))
    for column in columns:
        made.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        made.add_row(*map(_cell, row))
    return made


def verdict(*, passed: bool) -> Text:
    """``yes`` or ``NO``."""
    return Text("yes", style="green") if passed else Text("NO", style="bold red")


def number(value: float | None) -> str:
    """The number with about four digits that count, or a dash where there is none."""
    if value is None or not math.isfinite(value):
        return "-"
    # A mape with truths at 0 has sixteen digits, of which none says anything.
    if value != 0 and not 0.001 <= abs(value) < 1e12:
        return f"{value:.2e}"
    return f"{value:,.{4 if abs(value) < 10 else 2 if abs(value) < 1000 else 0}f}"


def interval(of: Interval) -> str:
    """The ends of the 95 % interval."""
    return "-" if of.low is None or of.high is None else f"{number(of.low)} to {number(of.high)}"


def estimate(of: Interval | None) -> str:
    """The value, and behind it the ends of its interval where it has one."""
    if of is None:
        return "-"
    return number(of.value) if of.low is None or of.high is None else f"{number(of.value)} ({interval(of)})"


def difference(value: float | None) -> str:
    """The number with its sign."""
    return number(value) if value is None or value <= 0 or not math.isfinite(value) else f"+{number(value)}"


def count(number: int, noun: str) -> str:
    """How many of them, as in ``1 version`` and ``2 versions``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def size(count: int) -> str:
    """Bytes in the unit people use."""
    return f"{count} B" if count < 1024 else f"{count / 1024:,.1f} KiB" if count < 1024**2 else f"{count / 1024**2:,.1f} MiB"


def share(weight: float) -> str:
    """A part of the whole in percent, with the digits that it has."""
    return f"{round(100 * weight, 4):g} %"


def shares(experiment: Experiment) -> str:
    """Each variant with its part of the keys, as in ``90 % control, 10 % v2``."""
    return ", ".join(f"{share(each.weight)} {each.name}" for each in experiment.variants)


def state(version: Version) -> str:
    """Whether the version serves, or was deleted; nothing where it only lies there."""
    return "active" if version.active else "" if version.deleted_at is None else "deleted"


def moment(when: datetime) -> str:
    """To the second, as the registry keeps it (UTC)."""
    return f"{when:%Y-%m-%d %H:%M:%S}"


def _finite(document: object) -> object:
    if isinstance(document, float):
        return document if math.isfinite(document) else None
    if isinstance(document, Mapping):
        return {str(key): _finite(value) for key, value in document.items()}
    if isinstance(document, (list, tuple)):
        return [_finite(value) for value in document]
    return document


def _special(value: object) -> object:
    """Dates, decimals, UUIDs and such of a primary key: as text; NumPy's numbers as numbers."""
    item = getattr(value, "item", None)
    return item() if callable(item) else value.isoformat() if isinstance(value, datetime) else str(value)
