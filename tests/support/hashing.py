"""How a key becomes a text and a bucket, written a second time: short, slow, and with nothing of the core in it."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from decimal import Decimal

import numpy as np


class Plan(enum.Enum):
    GOLD = "g"


class Size(enum.StrEnum):
    LARGE = "l"


class Rank(enum.IntEnum):
    FIRST = 1


KOLKATA = dt.timezone(dt.timedelta(hours=5, minutes=30))

# One key of every kind. What a release makes of them, every later release makes of them.
KEYS: dict[str, object] = {
    "int zero": 0,
    "int": 7,
    "int negative": -7,
    "int 64 bits": 2**63 - 1,
    "int 64 bits negative": -(2**63),
    "int beyond 64 bits": 2**64,
    "int beyond 64 bits negative": -(2**70),
    "str": "customer-7",
    "str empty": "",
    "str of digits": "7",
    "str with a bar": "a|b\\c",
    "str composed": "caf\u00e9",
    "str combining": "cafe\u0301",
    "str emoji": "\U0001f469\u200d\U0001f680",
    "UUID": uuid.UUID("12345678-9ABC-DEF0-1234-56789abcdef0"),
    "UUID zero": uuid.UUID(int=0),
    "date": dt.date(2024, 2, 29),
    "date of the year 1": dt.date(1, 1, 1),
    "datetime": dt.datetime(2013, 11, 1, 5, 30),
    "datetime with microseconds": dt.datetime(1969, 12, 31, 23, 59, 59, 7),
    "datetime aware": dt.datetime(2013, 11, 1, 5, 30, tzinfo=KOLKATA),
    "Decimal": Decimal("12.50"),
    "Decimal large": Decimal("1E+3"),
    "Decimal small": Decimal("-1E-9"),
    "Decimal negative zero": Decimal("-0.00"),
    "Decimal of 32 digits": Decimal("123456789012345678901234567890.12"),
    "bytes": b"\x00\xab\xff",
    "bytes empty": b"",
    "Enum": Plan.GOLD,
    "Enum of strings": Size.LARGE,
    "Enum of numbers": Rank.FIRST,
    "NumPy int8": np.int8(-3),
    "NumPy int64": np.int64(2**63 - 1),
    "NumPy uint64": np.uint64(2**64 - 1),
    "NumPy str": np.str_("ab"),
    "composite": (7, "a"),
    "composite list": [7, "a"],
    "composite of one": ("a|b",),
    "composite with marks": ("a|b", "c\\", "|"),
    "composite with empty parts": ("", ""),
    "composite of kinds": (uuid.UUID(int=7), dt.date(2024, 2, 29), Plan.GOLD, Decimal("1.0"), b"\x01", np.int16(2)),
}
SALTS = ("", "seed", "9f2c4e1ab0d37586", "sel \U0001f9c2")


def key_text(key: object) -> str:
    """The text of ``key``."""
    if isinstance(key, (tuple, list)):
        parts = [key_text(part) for part in key]
        return "|".join(part.replace("\\", "\\\\").replace("|", "\\|") for part in parts) if len(parts) > 1 else parts[0]
    if isinstance(key, enum.Enum):
        return key.name
    if isinstance(key, dt.datetime):
        return (key.astimezone(dt.UTC).replace(tzinfo=None) if key.tzinfo else key).isoformat()
    if isinstance(key, dt.date):
        return key.isoformat()
    if isinstance(key, Decimal):
        text = format(key, "f")
        text = text.rstrip("0").rstrip(".") if "." in text else text
        return "0" if text in {"-0", ""} else text
    if isinstance(key, bytes):
        return key.hex()
    return str(key)


def bucket(salt: str, text: str) -> int:
    """The bucket of a key with ``text`` in an experiment salted with ``salt``: GrowthBook's hash, version 2, over UTF-8."""
    return _fnv1a32(str(_fnv1a32((salt + text).encode())).encode()) % 10_000


def _fnv1a32(data: bytes) -> int:
    value = 0x811C9DC5
    for byte in data:
        value = ((value ^ byte) * 0x01000193) % 2**32
    return value
