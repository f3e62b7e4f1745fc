"""Text as HTML: escaped, isolated from the direction of what stands around it, and short where it must be."""

from __future__ import annotations

import html
import re
import unicodedata
from bisect import bisect_right
from datetime import UTC, datetime
from itertools import accumulate

LONG = 240
_LAYOUT = "\n\t"


def clean(text: str) -> str:
    """The text without control characters, of which HTML allows none, and without lone surrogates, which UTF-8 cannot hold."""
    return "".join("\N{REPLACEMENT CHARACTER}" if _is_control(character) else character for character in text)


def escape(text: str) -> str:
    """The text for an element or an attribute."""
    return html.escape(clean(text), quote=True)


def plain(text: str) -> str:
    """The text on one line for a tooltip, where nothing can isolate it: without marks that turn the direction of writing."""
    return escape(re.sub(r"\s+", " ", "".join(character for character in text if unicodedata.category(character) != "Cf")))


def isolated(text: str) -> str:
    """The text of somebody else: it has the direction of its own first letter, and turns nothing beside it."""
    return f"<bdi>{escape(text)}</bdi>"


def short(text: str, length: int) -> str:
    """As much of the text as has ``length`` letters' room on one line; those of East Asia take two."""
    line = re.sub(r"\s+", " ", text).strip()
    room = list(accumulate(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in line))
    if not room or room[-1] <= length:
        return line
    return line[: bisect_right(room, length - 1)].rstrip() + "…"


def prose(text: str | None) -> str:
    """A reason or a note, to be opened where it is long."""
    if not text:
        return '<span class="none">none</span>'
    if len(text) <= LONG:
        return f'<div class="prose" dir="auto">{escape(text)}</div>'
    summary = f'<summary><span dir="auto">{escape(short(text, LONG // 2))}</span></summary>'
    return f'<details>{summary}<div class="prose" dir="auto">{escape(text)}</div></details>'


def moment(at: datetime) -> str:
    """The moment in UTC, to the second."""
    utc = at.astimezone(UTC)
    return f'<time datetime="{utc.isoformat()}">{utc:%Y-%m-%d %H:%M:%S}</time>'


def number(value: float) -> str:
    """The number with four significant digits, a real minus sign, and no exponent where it can be avoided."""
    text = f"{value:.4g}" if value == 0 or 1e-4 <= abs(value) < 1e4 else f"{value:,.0f}" if 1e4 <= abs(value) < 1e6 else f"{value:.3e}"
    return text.replace("-", "\N{MINUS SIGN}")


def measured(value: float) -> str:
    """The number with as many decimals as others of its size have, so that a column of them can be compared."""
    if value != 0 and abs(value) < 1e-3:
        return number(value)
    size = abs(value)
    return f"{value:,.{4 if size < 10 else 2 if size < 1000 else 0}f}".replace("-", "\N{MINUS SIGN}")


def percent(share: float) -> str:
    """A share of the keys."""
    return f"{share * 100:.4g} %"


def count(many: int, what: str) -> str:
    """``3 versions``, ``1 version``."""
    return f"{many:,} {what}" if many == 1 else f"{many:,} {what}s"


def _is_control(character: str) -> bool:
    return character not in _LAYOUT and unicodedata.category(character) in ("Cc", "Cs")
