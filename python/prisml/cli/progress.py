"""One bar per long step on stderr, where stderr is a terminal."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field

from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from prisml.cli.render import console


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
def steps(*, quiet: bool = False) -> Iterator[Steps]:
    """The progress of one model's way; silent in a pipe, in a dumb terminal and when asked to be."""
    screen = console(stderr=True)
    if quiet or not sys.stderr.isatty() or screen.is_dumb_terminal:
        yield Steps()
        return
    words = TextColumn("{task.description:<10}")
    with Progress(SpinnerColumn(finished_text=" "), words, BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=screen) as bars:
        made = Steps(_bars=bars)
        yield made
        made.finish()
