"""What PrisML logs: every event with its level, its fields and its sentence, under the standard library's logger ``prisml``.

Nothing is shown unless the application says so: the logger has a ``NullHandler``, and no level. Fields are names, numbers and figures:
never a value of the user's data, a bind parameter, or a password. To predict logs nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

LOGGER = "prisml"
"""The logger above all others; each event's own is called after its subject, as ``prisml.serving``."""

logging.getLogger(LOGGER).addHandler(logging.NullHandler())


@dataclass(frozen=True)
class Event:
    """One kind of record: its ``name`` is stable, the first part of it says the logger, and ``message`` names some of its ``fields``."""

    name: str
    level: int
    message: str
    fields: tuple[str, ...]

    @property
    def logger(self) -> str:
        """The name of the logger that the event is logged by."""
        return f"{LOGGER}.{self.name.partition('.')[0]}"


LOADED = Event(
    "serving.loaded",
    logging.INFO,
    "%(model)s: version %(version)s is loaded; %(scorer)s answers",
    ("model", "version", "digest", "scorer", "reason", "bytes"),
)
OPENED = Event(
    "serving.opened",
    logging.DEBUG,
    "%(model)s: an artifact without a number is loaded; %(scorer)s answers",
    ("model", "digest", "scorer", "reason", "bytes"),
)
FELL_BACK = Event(
    "serving.fell_back",
    logging.WARNING,
    "%(model)s: the native scorer answers golden rows of version %(version)s wrongly here: ONNX Runtime answers in its place",
    ("model", "version", "reason"),
)
DRIFTED = Event("serving.drifted", logging.WARNING, "%(model)s: version %(version)s serves. %(problem)s", ("model", "version", "problem"))
SWAPPED = Event(
    "serving.swapped",
    logging.INFO,
    "%(model)s: version %(version)s serves now",
    ("model", "version", "before", "position", "experiment"),
)
REFUSED = Event(
    "serving.refused",
    logging.WARNING,
    "%(model)s: version %(version)s serves on. %(problem)s",
    ("model", "version", "problem"),
)
UNREACHABLE = Event(
    "serving.unreachable",
    logging.WARNING,
    "%(model)s: version %(version)s serves on. %(problem)s",
    ("model", "version", "problem"),
)
REACHABLE = Event(
    "serving.reachable",
    logging.INFO,
    "%(model)s: the registry answers, and what it says is served again",
    ("model", "version"),
)

BEGUN = Event("training.begun", logging.INFO, "%(model)s: training begins", ("model", "algorithm", "features", "dialect"))
STEP_BEGUN = Event("training.step_begun", logging.DEBUG, "%(model)s: %(step)s begins", ("model", "step"))
STEP_ENDED = Event("training.step_ended", logging.INFO, "%(model)s: %(step)s took %(seconds).3f s", ("model", "step", "seconds", "units"))
FAILED = Event(
    "training.failed",
    logging.WARNING,
    "%(model)s: training ended in %(step)s: %(error)s",
    ("model", "step", "error", "seconds"),
)
JUDGED = Event(
    "training.judged",
    logging.INFO,
    "%(model)s: %(passed)d of %(gates)d gates were passed",
    ("model", "gates", "passed", "failed"),
)
ENDED = Event(
    "training.ended",
    logging.INFO,
    "%(model)s: training took %(seconds).3f s; published: %(version)s, serving: %(serving)s",
    ("model", "version", "serving", "seconds"),
)

READ = Event(
    "extraction.read",
    logging.INFO,
    "%(entity)s.%(output)s: %(rows)d rows were read in %(seconds).3f s",
    ("entity", "output", "rows", "kept", "seconds", "dialect"),
)
BY_ROWS = Event("extraction.by_rows", logging.DEBUG, "Rows of %(entity)s are read one by one: %(reason)s.", ("entity", "reason"))
BY_COLUMNS = Event("extraction.by_columns", logging.DEBUG, "Rows of %(entity)s were read in columns.", ("entity",))
LOST = Event(
    "extraction.lost",
    logging.WARNING,
    "%(entity)s.%(output)s: the connection was lost; all is read anew, from a new snapshot",
    ("entity", "output", "dialect"),
)

PUBLISHED = Event(
    "registry.published",
    logging.INFO,
    "%(model)s: version %(version)s is in the registry",
    ("model", "version", "digest", "bytes"),
)
MOVED = Event(
    "registry.moved",
    logging.INFO,
    "%(model)s: %(action)s: version %(version)s serves; before: %(before)s",
    ("model", "action", "version", "before", "position", "experiment", "variants"),
)
DELETED = Event("registry.deleted", logging.INFO, "%(model)s: version %(version)s was deleted", ("model", "version"))
UPGRADED = Event("registry.upgraded", logging.INFO, "The registry has schema %(schema)d now", ("schema",))

COMMAND_BEGUN = Event("cli.begun", logging.INFO, "prisml %(command)s begins", ("command", "release"))
COMMAND_ENDED = Event("cli.ended", logging.INFO, "prisml %(command)s ends with %(exit_code)d", ("command", "exit_code", "seconds"))

EVENTS: Mapping[str, Event] = {
    event.name: event
    for event in (
        *(LOADED, OPENED, FELL_BACK, DRIFTED, SWAPPED, REFUSED, UNREACHABLE, REACHABLE),
        *(BEGUN, STEP_BEGUN, STEP_ENDED, FAILED, JUDGED, ENDED),
        *(READ, BY_ROWS, BY_COLUMNS, LOST),
        *(PUBLISHED, MOVED, DELETED, UPGRADED),
        *(COMMAND_BEGUN, COMMAND_ENDED),
    )
}
"""Every event there is, by its name."""


def record(event: Event, **fields: object) -> None:
    """Log the event; a record has ``event``, its name, and each of its fields as an attribute."""
    logger = logging.getLogger(event.logger)
    if logger.isEnabledFor(event.level):
        logger.log(event.level, event.message, fields, extra={"event": event.name, **fields}, stacklevel=2)
