"""The timeline: a row for each version that served, a bar for each spell, a band for each experiment, a mark for each entry of the log."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from prisml.commands.page.past import Past, Spell, Trial
from prisml.commands.page.scale import Scale, time_ticks
from prisml.commands.page.text import count, escape, percent, plain, short
from prisml.registry.log import Deployment

WIDTH = 1040
GUTTER = 132
RIGHT = 24
LANE = 30
AXIS = 26
_TALLEST = 600
_ROW, _LABEL = 28, 15
_LETTER = 6.6
_SHAPES = {
    "rollback": "M-5.5,-5 h11 l-5.5,10 z",
    "start": "M-4.5,-5.5 l10,5.5 l-10,5.5 z",
    "ramp": "M-5.5,4.5 h11 v-10 z",
    "stop": "M-4.5,-4.5 h9 v9 h-9 z",
    "promote": "M0,-7 l2,4.6 5,.4 -3.8,3.2 1.2,4.9 -4.4,-2.6 -4.4,2.6 1.2,-4.9 -3.8,-3.2 5,-.4 z",
}
_CIRCLE = "M-5,0 a5,5 0 1,0 10,0 a5,5 0 1,0 -10,0 z"
_LEGEND = (
    ("publish", "published, activated or imported"),
    ("rollback", "rolled back"),
    ("start", "experiment started"),
    ("ramp", "ramped"),
    ("stop", "stopped"),
    ("promote", "promoted"),
)


@dataclass(frozen=True)
class _Frame:
    """Where moments and versions are in the picture."""

    x: Scale
    rows: dict[int, float]
    step: float
    bottom: float
    start: datetime
    last: datetime
    end: datetime

    def at(self, moment: datetime | None) -> float:
        return self.x.end if moment is None else self.x((moment - self.start).total_seconds())


def timeline(past: Past) -> str:
    """The picture as SVG with its legend, or a sentence where nothing was ever activated."""
    if not past.log:
        return '<p class="none">No version was ever activated.</p>'
    spells, trials = past.spells(), past.trials()
    frame = _frame(past, spells, trials)
    parts = (
        *_axis(frame),
        *_rows(past, frame),
        *(part for trial in trials for part in _trial(past, frame, trial)),
        *_spells(past, frame, spells),
        *(_mark(past, frame, entry) for entry in past.log),
    )
    height = frame.bottom + AXIS
    title = f"Timeline: {count(len(past.log), 'deployment')}, {count(len(trials), 'experiment')}"
    head = f'<svg class="timeline" viewBox="0 0 {WIDTH} {height:g}" role="group" aria-label="{title}">'
    return f'<div class="scroll" tabindex="0" role="region" aria-label="Timeline">{head}{"".join(parts)}</svg></div>{_legend(past)}'


def _frame(past: Past, spells: tuple[Spell, ...], trials: tuple[Trial, ...]) -> _Frame:
    numbers = sorted({spell.version for spell in (*spells, *(piece for trial in trials for piece in trial.treatments))}, reverse=True)
    step = max(3.0, min(float(_ROW), _TALLEST / len(numbers)))
    rows = {number: LANE + step * (place + 0.5) for place, number in enumerate(numbers)}
    start, last = past.log[0].at.astimezone(UTC), past.log[-1].at.astimezone(UTC)
    # What serves goes on serving: a twelfth of the width says so.
    end = last + max((last - start) / 11, timedelta(seconds=1))
    x = Scale(0.0, (end - start).total_seconds(), GUTTER + 12.0, WIDTH - RIGHT)
    return _Frame(x, rows, step, LANE + step * len(numbers) + 6, start, last, end)


def _axis(frame: _Frame) -> Iterator[str]:
    yield '<g class="axis" aria-hidden="true">'
    free = 0.0
    for place, (at, text) in enumerate(_ticks(frame)):
        x = frame.at(at)
        yield f'<path d="M{x:.1f},{LANE} V{frame.bottom:.1f}"/>'
        # The first one says the day, where the others say hours.
        words = f"{at:%Y-%m-%d} {text}" if place == 0 and ":" in text else text
        wide, side = len(words) * _LETTER, min(x - GUTTER, WIDTH - x)
        anchor, before = ("middle", wide / 2) if side > wide / 2 else ("start", 0.0) if x < WIDTH / 2 else ("end", wide)
        if x - before < free:
            continue
        free = x - before + wide
        yield f'<text x="{x:.1f}" y="{frame.bottom + 17:.1f}" text-anchor="{anchor}">{words}</text>'
    yield "</g>"


def _ticks(frame: _Frame) -> tuple[tuple[datetime, str], ...]:
    if frame.last == frame.start:
        return ((frame.start, f"{frame.start:%Y-%m-%d %H:%M:%S}"),)
    return time_ticks(frame.start, frame.end)


def _rows(past: Past, frame: _Frame) -> Iterator[str]:
    yield '<g class="rows" aria-hidden="true">'
    free = -1e9
    for number, y in frame.rows.items():
        if y - free < _LABEL:
            continue
        free = y
        yield f'<path d="M{GUTTER},{y:.1f} H{WIDTH - RIGHT}"/>'
        yield f'<text x="{GUTTER - 6}" y="{y + 4:.1f}" text-anchor="end">{escape(short(past.label(number), 16))}</text>'
    yield "</g>"


def _spells(past: Past, frame: _Frame, spells: tuple[Spell, ...]) -> Iterator[str]:
    thick = max(2.0, min(10.0, frame.step * 0.42))
    yield '<g class="spells" aria-hidden="true">'
    for before, after in pairwise(spells):
        x = frame.at(after.start)
        yield f'<path class="step" d="M{x:.1f},{frame.rows[before.version]:.1f} V{frame.rows[after.version]:.1f}"/>'
    for spell in spells:
        yield _bar(frame, spell, thick, "now" if spell.end is None else "then", f"{past.label(spell.version)} served")
    yield "</g>"


def _trial(past: Past, frame: _Frame, trial: Trial) -> Iterator[str]:
    left, right = frame.at(trial.start), frame.at(trial.end)
    wide = max(right - left, 2.0)
    thick = max(2.0, min(8.0, frame.step * 0.34))
    yield '<g class="trial" aria-hidden="true">'
    yield f"<title>{plain('experiment ' + trial.name)}</title>"
    yield f'<rect class="band" x="{left:.1f}" y="4" width="{wide:.1f}" height="{frame.bottom - 4:.1f}"/>'
    yield f'<path class="lid" d="M{left:.1f},4 h{wide:.1f}"/>'
    if wide > 5 * _LETTER:
        yield f'<text x="{left + 5:.1f}" y="19">{escape(short(trial.name, int((wide - 8) / _LETTER)))}</text>'
    for piece in trial.treatments:
        yield _bar(frame, piece, thick, "share", f"{past.label(piece.version)}: {percent(piece.share)} of the keys")
    yield "</g>"


def _bar(frame: _Frame, spell: Spell, thick: float, kind: str, title: str) -> str:
    left, right, y = frame.at(spell.start), frame.at(spell.end), frame.rows[spell.version]
    place = f'x="{left:.1f}" y="{y - thick / 2:.1f}" width="{max(right - left, 1.0):.1f}" height="{thick:.1f}"'
    return f'<rect class="{kind}" {place} rx="{thick / 2:.1f}"><title>{plain(title)}</title></rect>'


def _mark(past: Past, frame: _Frame, entry: Deployment) -> str:
    x, y = frame.at(entry.at), frame.rows[entry.version]
    size = max(0.55, min(1.0, frame.step / 14))
    when = f"{entry.at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
    said = f"{entry.position}. {when}: {entry.action} {past.label(entry.version)} by {short(entry.author, 60)}"
    why = f": {short(entry.why, 120)}" if entry.why else ""
    shape = f'<path d="{_SHAPES.get(entry.action, _CIRCLE)}" transform="translate({x:.1f} {y:.1f}) scale({size:.2f})"/>'
    return f'<a class="mark {escape(entry.action)}" href="#entry-{entry.position}"><title>{plain(said + why)}</title>{shape}</a>'


def _legend(past: Past) -> str:
    used = {"publish" if entry.action not in _SHAPES else entry.action for entry in past.log}
    items = "".join(f"<li>{_symbol(action)}{words}</li>" for action, words in _LEGEND if action in used)
    return f'<ul class="legend">{items}</ul>'


def _symbol(action: str) -> str:
    return f'<svg viewBox="-8 -8 16 16" aria-hidden="true" class="mark {action}"><path d="{_SHAPES.get(action, _CIRCLE)}"/></svg>'
