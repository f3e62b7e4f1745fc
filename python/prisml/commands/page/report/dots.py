"""Values by name, one below the other, each a dot with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from prisml.commands.page.report.plot import Format, Plot
from prisml.commands.page.scale import Scale, number_ticks
from prisml.commands.page.text import measured, number, plain, short

WIDTH, STEP, GUTTER, RIGHT, TOP, BOTTOM = 520, 26, 168, 150, 8, 40
_LETTERS = 19


@dataclass(frozen=True)
class Dot:
    """A name, its value (None: there is none) with its ends, and what stands at the right of it."""

    name: str
    value: float | None
    low: float | None = None
    high: float | None = None
    note: str = ""

    @property
    def ends(self) -> tuple[float, ...]:
        """The numbers that it takes room for."""
        return tuple(end for end in (self.value, self.low, self.high) if end is not None)


def dots(
    label: str, found: Sequence[Dot], axis: str, *, marks: Sequence[tuple[float, str]] = (), zero: bool = False, text: Format = number
) -> str:
    """The picture; ``marks`` are upright lines, each with what it is."""
    ends = [end for dot in found for end in dot.ends] + [value for value, _ in marks] + ([0.0] if zero else [])
    low, high = (min(ends), max(ends)) if ends else (0.0, 1.0)
    room = (high - low) * 0.06 or max(abs(high) * 0.05, 0.01)
    x = Scale(0.0 if zero and low == 0 else low - room, high + room, GUTTER, WIDTH - RIGHT)
    top = TOP + (16 if marks else 0)
    bottom = top + STEP * len(found)
    parts = [_axis(x, top, bottom, axis, text)]
    for value, name in marks:
        parts.append(f'<path class="bound" d="M{x(value):.1f},{top} V{bottom}"/>{Plot.text(x(value), top - 5, name, "middle", "said")}')
    parts += [_row(dot, x, top + STEP * (place + 0.5)) for place, dot in enumerate(found)]
    head = f'<svg class="dots" viewBox="0 0 {WIDTH} {bottom + BOTTOM}" role="img" aria-label="{plain(label)}">'
    return f"{head}{''.join(parts)}</svg>"


def _axis(x: Scale, top: float, bottom: float, axis: str, text: Format) -> str:
    lines = "".join(
        f'<path d="M{x(value):.1f},{top} V{bottom}"/>{Plot.text(x(value), bottom + 15, text(value), "middle")}'
        for value in number_ticks(x.low, x.high)
    )
    return f'<g class="axis" aria-hidden="true">{lines}{Plot.text((x.start + x.end) / 2, bottom + 33, axis, "middle", "what")}</g>'


def _row(dot: Dot, x: Scale, y: float) -> str:
    name = Plot.text(GUTTER - 10, y + 4, short(dot.name, _LETTERS), "end", "name")
    note = Plot.text(WIDTH - RIGHT + 12, y + 4, dot.note)
    if dot.value is None:
        return name + note
    ends = "" if dot.low is None or dot.high is None else f'<path class="whisker" d="M{x(dot.low):.1f},{y:.1f} H{x(dot.high):.1f}"/>'
    said = f"{dot.name}: {measured(dot.value)}"
    return f'{name}{note}{ends}<circle class="dot" cx="{x(dot.value):.1f}" cy="{y:.1f}" r="4.5"><title>{plain(said)}</title></circle>'
