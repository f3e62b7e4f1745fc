"""One bar per long step on stderr, where stderr is a terminal: what is done, how fast, and how long it will take."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field

from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, Task, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from prisml.cli.render import console

ROWS = "rows"
_UNITS = {
    "extract": ROWS,
    "extract again": ROWS,
    "parity": ROWS,
    "predict": ROWS,
    "fit": "iterations",
    "search": "candidates",
    "cross-validate": "folds",
    "migrations": "revisions",
}
"""What a step counts; one that counts nothing else is done or not."""
_SOON = 1.0
"""Seconds after which it is said how long a step will take: before, nobody knows."""


class _Count(ProgressColumn):
    """How many of how many, and of what: ``12,000/97,351 rows``."""

    def render(self, task: Task) -> Text:
        unit = _UNITS.get(task.description)
        if unit is None or (task.total is None and not task.completed) or (task.total == 1 and unit != ROWS):
            return Text()
        of = "" if task.total is None else f"/{task.total:,.0f}"
        return Text(f"{task.completed:,.0f}{of} {unit}")


class _Pace(ProgressColumn):
    """Rows in a second, now or, once it is over, in all."""

    def render(self, task: Task) -> Text:
        speed = task.completed / task.finished_time if task.finished and task.finished_time else task.speed
        if _UNITS.get(task.description) != ROWS or not speed:
            return Text()
        return Text(f"{speed:,.0f} rows/s")


class _Left(ProgressColumn):
    """How long a step will still take; of a search, what is left of the time that it has."""

    def __init__(self, seconds: float | None) -> None:
        super().__init__()
        self._seconds = seconds

    def render(self, task: Task) -> Text:
        elapsed = task.elapsed or 0.0
        if task.finished:
            return Text()
        if task.description == "search":
            return Text() if self._seconds is None else Text(f"{max(self._seconds - elapsed, 0.0):.0f} s left")
        left = task.time_remaining
        counts = task.total is not None and task.total > 1 and task.completed > 0
        return Text(f"{_clock(left)} left") if counts and left is not None and elapsed >= _SOON else Text()


def _clock(seconds: float) -> str:
    """``42 s``, ``3:05`` or ``1:02:03``."""
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}:{minutes:02}:{rest:02}"
    return f"{minutes}:{rest:02}" if minutes else f"{rest} s"


@dataclass
class Steps:
    """A ``prisml.progress.Progress`` that shows each step as a bar and remembers which step it is in."""

    current: str = ""
    done: int = 0
    total: int | None = None
    _bars: Progress | None = None
    _tasks: dict[str, TaskID] = field(default_factory=dict)

    @property
    def shown(self) -> bool:
        """Whether anybody sees it."""
        return self._bars is not None

    def __call__(self, step: str, done: int, total: int | None) -> None:
        if (step, done, total) != (self.current, 1, 1):
            self.current, self.done, self.total = step, done, total
        if self._bars is None:
            return
        if step not in self._tasks:
            self.finish()
            self._tasks[step] = self._bars.add_task(step, total=total)
        task = self._bars.tasks[self._bars.task_ids.index(self._tasks[step])]
        if (done, total) == (1, 1) and (task.total or 0) > 1:
            # A step that counted meanwhile is over.
            self.finish()
        else:
            self._bars.update(task.id, completed=done, total=total)

    @property
    def where(self) -> str:
        """The step it is in and how far, in words: ``'extract' (12,000 of 97,351 rows)``; empty before the first."""
        if not self.current:
            return ""
        unit = _UNITS.get(self.current)
        far = f" ({self.done:,} of {self.total:,} {unit})" if unit and self.total and self.total > 1 else ""
        return f"{self.current!r}{far}"

    def finish(self) -> None:
        """Stop the bars that still turn: a step is over when the next begins."""
        if self._bars is None:
            return
        for task in self._bars.tasks:
            if not task.finished:
                done = max(task.completed, 1)
                self._bars.update(task.id, total=done, completed=done)


@contextlib.contextmanager
def steps(*, quiet: bool = False, search: float | None = None) -> Iterator[Steps]:
    """The progress of one model's way; silent in a pipe, in a dumb terminal and when asked to be.

    ``search`` are the seconds that a search has, whose rest is shown.
    """
    screen = console(stderr=True)
    if quiet or not sys.stderr.isatty() or screen.is_dumb_terminal:
        yield Steps()
        return
    words = TextColumn("{task.description:<16}")
    columns = (SpinnerColumn(finished_text=" "), words, BarColumn(bar_width=24), TimeElapsedColumn(), _Count(), _Pace(), _Left(search))
    with Progress(*columns, console=screen) as bars:
        made = Steps(_bars=bars)
        yield made
        made.finish()
