"""The steps of a training, logged: when each begins, and how long it took."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from types import TracebackType

from prisml.errors import PrisMLError
from prisml.logs import FAILED, STEP_BEGUN, STEP_ENDED, record
from prisml.progress import Progress


class LoggedSteps(AbstractContextManager["LoggedSteps"]):
    """A ``Progress`` that hands on what it is told, and logs each step once; a step ends where the next begins, or this does."""

    def __init__(self, model: str, progress: Progress) -> None:
        self._model = model
        self._progress = progress
        self._seen: set[str] = set()
        self._step: str | None = None
        self._units = 0
        self._start = self._began = time.perf_counter()

    def __call__(self, step: str, done: int, total: int | None) -> None:
        # What says that a step is over may come when the next one has begun.
        if step not in self._seen:
            self._ended()
            self._seen.add(step)
            self._step, self._units, self._began = step, 0, time.perf_counter()
            record(STEP_BEGUN, model=self._model, step=step)
        if step == self._step:
            self._units = max(self._units, done)
        self._progress(step, done, total)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if error is None:
            self._ended()
            return
        seconds = time.perf_counter() - self._start
        # An error's words may be another library's, and quote data.
        what = error.code if isinstance(error, PrisMLError) else type(error).__name__
        record(FAILED, model=self._model, step=self._step or "its preparation", error=what, seconds=seconds)

    def _ended(self) -> None:
        if self._step is not None:
            seconds = time.perf_counter() - self._began
            record(STEP_ENDED, model=self._model, step=self._step, seconds=seconds, units=self._units)
        self._step = None
