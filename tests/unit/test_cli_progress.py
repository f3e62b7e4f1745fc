"""What a bar says: units, speed, the time that is left; and where an interruption says it stopped."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from prisml.cli import progress
from prisml.cli.progress import Steps, _clock


@pytest.fixture
def clock() -> list[float]:
    """The time that bars see."""
    return [0.0]


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch, clock: list[float]) -> io.StringIO:
    """A terminal that keeps what is drawn."""
    shown = io.StringIO()
    console = Console(file=shown, force_terminal=True, color_system=None, width=140, legacy_windows=False)
    monkeypatch.setattr(progress, "console", lambda **_: console)
    monkeypatch.setattr(console, "get_time", lambda: clock[0])
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    return shown


def _drawn(steps: Steps, screen: io.StringIO) -> str:
    """The last line of bars."""
    screen.seek(0)
    screen.truncate()
    assert steps._bars is not None
    steps._bars.refresh()
    return screen.getvalue()


def test_rows_have_a_speed_and_a_time_left(screen, clock):
    """While rows are read it says how many of how many, how many in a second and how long it will take; afterwards the speed in all."""
    with progress.steps() as steps:
        steps("extract", 0, None)
        steps("extract", 0, 90_000)
        for second in (1, 2, 3):
            clock[0] = float(second)
            steps("extract", 10_000 * second, 90_000)
        line = _drawn(steps, screen)
        assert "30,000/90,000 rows 10,000 rows/s 6 s left" in line
        clock[0] = 10.0
        steps("extract", 90_000, 90_000)
        line = _drawn(steps, screen)
    assert "90,000/90,000 rows 9,000 rows/s" in line
    assert "left" not in line


def test_a_fit_that_can_be_counted_says_its_iterations(screen, clock):
    """Boosting says how many iterations of how many; one that stops early ends its bar; a fit that cannot be seen has no figures."""
    with progress.steps() as steps:
        steps("fit", 0, 1)
        assert "/" not in _drawn(steps, screen).replace("0:00:00", "")
        clock[0] = 2.0
        steps("fit", 20, 100)
        clock[0] = 4.0
        steps("fit", 40, 100)
        assert "40/100 iterations" in (line := _drawn(steps, screen))
        assert "left" in line
        assert "rows/s" not in line
        steps("fit", 1, 1)
        assert "40/40 iterations" in _drawn(steps, screen)


def test_nothing_is_drawn_for_a_dumb_terminal_or_on_request(screen, monkeypatch):
    """``quiet``, and a terminal that cannot move its cursor, see nothing; the step is known all the same."""
    with progress.steps(quiet=True) as steps:
        steps("extract", 10, 20)
    monkeypatch.setenv("TERM", "dumb")
    with progress.steps() as dumb:
        dumb("parity", 1, 2)
    assert screen.getvalue() == ""
    assert (steps.shown, dumb.shown) == (False, False)
    assert (steps.where, dumb.where) == ("'extract' (10 of 20 rows)", "'parity' (1 of 2 rows)")


def test_where_an_interruption_stopped():
    """Before the first step it is nowhere; a step that counts says how far, one that does not only its name."""
    steps = Steps()
    assert steps.where == ""
    steps("split", 0, 1)
    assert steps.where == "'split'"
    steps("fit", 3, 100)
    assert steps.where == "'fit' (3 of 100 iterations)"


@pytest.mark.parametrize(("seconds", "text"), [(0.4, "0 s"), (59.6, "1:00"), (59, "59 s"), (185, "3:05"), (3_723, "1:02:03")])
def test_time_is_written_as_people_read_it(seconds, text):
    """Seconds below a minute, then minutes, then hours."""
    assert _clock(seconds) == text
