"""``--log-level``: what PrisML logs, one line a record on stderr, for people or for programs."""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal

from prisml.logs import EVENTS, LOGGER

Level = Literal["debug", "info", "warning", "error"]
LEVELS: tuple[Level, ...] = ("debug", "info", "warning", "error")
Form = Literal["text", "json"]
FORMS: tuple[Form, ...] = ("text", "json")


class _Text(logging.Formatter):
    """``2026-03-04T05:06:07Z INFO prisml.training: churn: fit took 0.412 s``."""

    def __init__(self) -> None:
        super().__init__("%(asctime)sZ %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S")
        self.converter = time.gmtime

    def format(self, record: logging.LogRecord) -> str:
        """One line, whatever stands in the record."""
        # Nothing in a name may steer the terminal.
        return "".join(char if char.isprintable() else " " for char in super().format(record))


class _Json(logging.Formatter):
    """One JSON object: time, level, logger, event, message, and the event's fields."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line of JSON, in ASCII."""
        name = getattr(record, "event", None)
        event = EVENTS.get(name) if isinstance(name, str) else None
        fields = {field: getattr(record, field, None) for field in (event.fields if event is not None else ())}
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="microseconds")
        said = {"time": moment, "level": record.levelname.lower(), "logger": record.name, "event": name, "message": record.getMessage()}
        return json.dumps({**said, **fields}, default=str)


class _Handler(logging.StreamHandler):  # type: ignore[type-arg]
    """Writes to stderr as it is at that moment: bars have put a stream of their own in its place, which writes above them."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> object:
        """Where the record goes."""
        return sys.stderr


def write_log(level: Level, form: Form) -> Callable[[], None]:
    """Have what PrisML logs from ``level`` on written to stderr; what is returned ends that."""
    logger = logging.getLogger(LOGGER)
    handler, before = _Handler(), logger.level
    handler.setFormatter(_Json() if form == "json" else _Text())
    logger.addHandler(handler)
    logger.setLevel(level.upper())

    def end() -> None:
        logger.removeHandler(handler)
        logger.setLevel(before)

    return end
