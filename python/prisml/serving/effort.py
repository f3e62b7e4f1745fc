"""What a call may cost: how many threads share it, and when it must be done."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Literal

from prisml.errors import ConfigurationError, described

Threads = int | Literal["auto"]
_MOST_THREADS = 1024
_LONGEST = 1e9
"""Seconds: thirty years."""
_AUTO = 0
"""What the core takes for as many threads as this process may use cores."""


@dataclass(frozen=True, slots=True)
class Effort:
    """``threads`` share the scoring; ``deadline`` is by ``time.monotonic()``, None where the call may take as long as it needs."""

    threads: int = 1
    deadline: float | None = None

    @classmethod
    def of(cls, threads: Threads, timeout: float | None, model: str) -> Effort:
        """The effort of a call that begins now; ``ConfigurationError`` where one of the two cannot be meant."""
        return cls(_threads(threads, model), None if timeout is None else time.monotonic() + _seconds(timeout, model))

    def left(self) -> float | None:
        """The seconds that are left, 0 where none are; None without a deadline."""
        return None if self.deadline is None else max(0.0, self.deadline - time.monotonic())


ONE_THREAD = Effort()


def _threads(threads: object, model: str) -> int:
    if isinstance(threads, str) and threads == "auto":
        return _AUTO
    if isinstance(threads, int) and not isinstance(threads, bool) and 1 <= threads <= _MOST_THREADS:
        return threads
    raise ConfigurationError(
        f"Model {model!r}: threads is no number of threads from 1 to {_MOST_THREADS:,}, but {described(threads)}.",
        {"model": model, "type": type(threads).__name__},
        ['Give a number, or "auto" for as many as this process may use cores.'],
    )


def _seconds(timeout: object, model: str) -> float:
    if isinstance(timeout, int | float) and not isinstance(timeout, bool) and 0 < timeout <= _LONGEST:
        return float(timeout)
    raise ConfigurationError(
        f"Model {model!r}: timeout is no number of seconds above 0, but {described(timeout)}.",
        {"model": model, "type": type(timeout).__name__},
        ["Leave it out for a call that may take as long as it needs."],
    )
