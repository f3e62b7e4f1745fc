"""Pictures with two axes, and the table that says the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from prisml.commands.page.scale import Scale, number_ticks
from prisml.commands.page.text import escape, number

WIDTH, HEIGHT = 360, 300
LEFT, RIGHT, TOP, BOTTOM = 60, 22, 12, 42
_MOST_LISTED = 21
Format = Callable[[float], str]


def percents(share: float) -> str:
    """A share on an axis."""
    return f"{share * 100:.3g}%"


@dataclass(frozen=True)
class Plot:
    """Where values are in the picture."""

    x: Scale
    y: Scale
    width: int

    @classmethod
    def over(cls, x: tuple[float, float], y: tuple[float, float], *, width: int = WIDTH) -> Plot:
        """A plot of these ranges; one without extent is widened."""
        (left, right), (low, high) = (_widened(*ends) for ends in (x, y))
        return cls(Scale(left, right, LEFT, width - RIGHT), Scale(low, high, HEIGHT - BOTTOM, TOP), width)

    def at(self, x: float, y: float) -> str:
        """The place of a point, as SVG writes it."""
        return f"{self.x(x):.1f},{self.y(y):.1f}"

    def line(self, xs: Iterable[float], ys: Iterable[float], kind: str) -> str:
        """A line through the points."""
        return f'<polyline class="{kind}" points="{" ".join(self.at(x, y) for x, y in zip(xs, ys, strict=True))}"/>'

    def area(self, xs: Sequence[float], low: Sequence[float], high: Sequence[float], kind: str) -> str:
        """What lies between two lines."""
        there = [self.at(x, y) for x, y in zip(xs, low, strict=True)]
        back = [self.at(x, y) for x, y in zip(reversed(xs), reversed(high), strict=True)]
        return f'<polygon class="{kind}" points="{" ".join((*there, *back))}"/>'

    def steps(self, edges: Sequence[float], heights: Sequence[float], kind: str) -> str:
        """The outline of a histogram."""
        base = self.y(max(0.0, self.y.low))
        path = f"M{self.x(edges[0]):.1f},{base:.1f}"
        for edge, height in zip(edges[1:], heights, strict=True):
            path += f" V{self.y(height):.1f} H{self.x(edge):.1f}"
        return f'<path class="{kind}" d="{path} V{base:.1f}"/>'

    def whisker(self, x: float, low: float, high: float) -> str:
        """An upright interval."""
        return f'<path class="whisker" d="M{self.at(x, low)} L{self.at(x, high)}"/>'

    def dot(self, x: float, y: float, title: str, kind: str = "dot") -> str:
        """A point that says what it is."""
        return f'<circle class="{kind}" cx="{self.x(x):.1f}" cy="{self.y(y):.1f}" r="4"><title>{escape(title)}</title></circle>'

    def upright(self, x: float, text: str) -> str:
        """A dashed line from bottom to top, with its name beside it."""
        at = self.x(x)
        flip = at > (self.x.start + self.x.end) / 2
        name = self.text(at + (-5 if flip else 5), self.y.end + 11, text, "end" if flip else "start", "said")
        return f'<path class="bound" d="M{at:.1f},{self.y.start} V{self.y.end}"/>{name}'

    @staticmethod
    def text(x: float, y: float, text: str, anchor: str = "start", kind: str = "") -> str:
        """Words at a place in the picture."""
        named = f' class="{kind}"' if kind else ""
        return f'<text{named} x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'

    def axes(self, x: str, y: str, *, x_text: Format = number, y_text: Format = number) -> str:
        """The grid with its numbers, and what either axis is."""
        return f'<g class="axis" aria-hidden="true">{"".join(self._axes(x, y, x_text, y_text))}</g>'

    def _axes(self, x: str, y: str, x_text: Format, y_text: Format) -> Iterator[str]:
        left, right, bottom, top = self.x.start, self.x.end, self.y.start, self.y.end
        for value in number_ticks(self.y.low, self.y.high):
            at = self.y(value)
            yield f'<path d="M{left},{at:.1f} H{right}"/>{self.text(left - 6, at + 4, y_text(value), "end")}'
        for value in number_ticks(self.x.low, self.x.high):
            yield self.text(self.x(value), bottom + 16, x_text(value), "middle")
        yield f'<path class="ground" d="M{left},{bottom} H{right}"/>'
        yield self.text((left + right) / 2, bottom + 34, x, "middle", "what")
        middle = (top + bottom) / 2
        yield f'<text class="what" transform="translate(11 {middle:.1f}) rotate(-90)" text-anchor="middle">{escape(y)}</text>'

    def svg(self, label: str, parts: Iterable[str]) -> str:
        """The picture."""
        return f'<svg viewBox="0 0 {self.width} {HEIGHT}" role="img" aria-label="{escape(label)}">{"".join(parts)}</svg>'


def figure(caption: str, picture: str, table: str = "", *, remark: str = "") -> str:
    """A picture under its title, a remark, and the table that says the same, to be opened."""
    told = f"<small>{escape(remark)}</small>" if remark else ""
    numbers = f"<details><summary>Numbers</summary>{table}</details>" if table else ""
    return f"<figure><figcaption>{escape(caption)} {told}</figcaption>{picture}{numbers}</figure>"


def listing(heads: Sequence[str], rows: Sequence[Sequence[str]], caption: str = "") -> str:
    """A table of numbers, of which some are left out evenly where they are many; cells are text, the first of a row names it."""
    if len(rows) > _MOST_LISTED:
        rows = [rows[round(place * (len(rows) - 1) / (_MOST_LISTED - 1))] for place in range(_MOST_LISTED)]
    return table([escape(head) for head in heads], "".join(map(_listed, rows)), escape(caption))


def _listed(row: Sequence[str]) -> str:
    cells = "".join(f'<td class="number">{escape(cell)}</td>' for cell in row[1:])
    return f'<tr><th scope="row">{escape(row[0])}</th>{cells}</tr>'


def table(heads: Sequence[str], body: str, caption: str = "") -> str:
    """A table of the rows in ``body``; everything is HTML."""
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    told = f"<caption>{caption}</caption>" if caption else ""
    return f'<div class="scroll"><table>{told}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _widened(low: float, high: float) -> tuple[float, float]:
    if low < high:
        return low, high
    room = abs(low) * 0.05 or 0.5
    return low - room, high + room
