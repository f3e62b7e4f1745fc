"""One bar per long step on stderr, where stderr is a terminal."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

from prisml.cli.render import console


class _Left(ProgressColumn):
    """What is left of the time that a search has, behind its bar."""

    def __init__(self, seconds: float | None) -> None:
        super().__init__()
        self._seconds = seconds

    def render(self, task: Task) -> Text:
        if self._seconds is None or task.description != "search" or task.finished:
            return Text()
        return Text(f"{max(self._seconds - (task.elapsed or 0.0), 0.0):.0f} s left")


@dataclass
class Steps:
    """A ``prisml.progress.Progress`` that shows each step as a bar and remembers which step it is in."""

    current: str = ""
    _bars: Progress | None = None
    _tasks: dict[str, TaskID] = field(default_factory=dict)

    def __call__(self, step: str, done: int, total: int | None) -> None:
        self.current = step
        if self._bars is None:
            return
        if step not in self._tasks:
            self.finish()
            self._tasks[step] = self._bars.add_task(step, total=total)
        self._bars.update(self._tasks[step], completed=done, total=total)

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
    words = TextColumn("{task.description:<10}")
    columns = (SpinnerColumn(finished_text=" "), words, BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), _Left(search))
    with Progress(*columns, console=screen) as bars:
        made = Steps(_bars=bars)
        yield made
        made.finish()
