"""What the data is like: each column in the training part and in the hold-out."""

from __future__ import annotations

from prisml.commands.page.report.features import shown
from prisml.commands.page.report.plot import percents, table
from prisml.commands.page.text import count, isolated, number, percent, plain
from prisml.report import Profile, Profiled

_WIDTH, _HEIGHT = 150, 40
_STABLE, _MOVED = 0.1, 0.25


def profile(found: Profile) -> str:
    """The label first, then the features, the most important first."""
    heads = ("column", "distribution", "values", "missing", "drift")
    body = _row(found.label, "label") + "".join(_row(each, each.kind) for each in found.features)
    left = f" {count(found.left_out, 'less important feature')} not shown." if found.left_out else ""
    told = (
        "The filled shape is the training part, the line the hold-out. Drift is the population stability index of the hold-out "
        f"against the training part: below {_STABLE} little, above {_MOVED} much.{left}"
    )
    return table(heads, body, told)


def _row(each: Profiled, kind: str) -> str:
    missing = [percent(round(share, 4)) for share in each.missing]
    absent = missing[0] if missing[0] == missing[1] else f"{missing[0]}<br><small>hold-out {missing[1]}</small>"
    cells = (_picture(each), _values(each), absent, _drift(each.drift))
    body = "".join(f"<td>{cell}</td>" for cell in cells)
    return f'<tr><th scope="row">{isolated(each.name)}<br><small>{kind}</small></th>{body}</tr>'


def _picture(each: Profiled) -> str:
    parts = each.histogram or each.shares
    if not parts or not parts[0]:
        return '<span class="none">none</span>'
    most = max(map(max, parts)) or 1.0
    step = _WIDTH / len(parts[0])
    width = step if each.histogram else min(step, 24.0)
    gap = 0.0 if each.histogram else 2.0
    bars = "".join(_bar(place * width, width - gap, share / most) for place, share in enumerate(parts[0]))
    marks = "".join(
        f"M{place * width:.1f},{_HEIGHT - 2 - (_HEIGHT - 4) * share / most:.1f} h{width - gap:.1f}" for place, share in enumerate(parts[1])
    )
    label = f"{plain(each.name)}: the training part, and the hold-out as lines"
    svg = f'<svg class="spark" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{label}">'
    return f'{svg}<path class="fill" d="{bars}"/><path class="held" d="{marks}"/></svg>'


def _bar(left: float, width: float, share: float) -> str:
    tall = (_HEIGHT - 4) * share
    return f"M{left:.1f},{_HEIGHT - 2} v{-tall:.1f} h{width:.1f} v{tall:.1f} z"


def _values(each: Profiled) -> str:
    if each.kind == "number":
        if not each.quantiles:
            return '<span class="none">all missing</span>'
        low, first, _, middle, _, last, high = each.quantiles
        ends = f"90 % from {number(first)} to {number(last)}; 98 % from {number(low)} to {number(high)}"
        return f"median {number(middle)}<br><small>{ends}</small>"
    first_few = ", ".join(
        f"{isolated(shown(level))} {percents(round(share, 3))}" for level, share in list(zip(each.levels, each.shares[0], strict=True))[:4]
    )
    return f"{each.categories:,} categories<br><small>{first_few}</small>"


def _drift(value: float | None) -> str:
    if value is None:
        return '<span class="none">none</span>'
    kind, word = ("pass", "little") if value < _STABLE else ("warn", "some") if value < _MOVED else ("fail", "much")
    return f'<span class="verdict {kind}">{word}</span><br><small>{value:.3f}</small>'
