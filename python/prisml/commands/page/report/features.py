"""What the predictions hang on: importance and partial dependence."""

from __future__ import annotations

from prisml.commands.page.report.dots import WIDTH, Dot, dots
from prisml.commands.page.report.plot import Plot, figure, listing, percents
from prisml.commands.page.text import count, escape, measured, number, percent, short
from prisml.manifest import Task
from prisml.report import Dependence, Importances, Level

_MOST_DRAWN = 25
_LEAST_SHOWN = 1e-3


def importances(found: Importances) -> str:
    """By how much the metric gets worse where a feature is shuffled."""
    drawn = found.features[:_MOST_DRAWN]
    made = [Dot(each.feature, each.loss.value, each.loss.low, each.loss.high, _lost(each.loss.value)) for each in drawn]
    rows = [
        (each.feature, _lost(each.loss.value), f"{_lost(each.loss.low or 0)} to {_lost(each.loss.high or 0)}") for each in found.features
    ]
    picture = dots(f"Importance of {len(drawn)} features", made, f"{found.metric} lost", zero=True)
    left = found.left_out + len(found.features) - len(drawn)
    shown = f" {count(left, 'less important feature')} not drawn." if left else ""
    told = (
        f"What {found.metric} loses on {found.rows:,} rows of the hold-out where the feature is shuffled, the mean of {found.repeats} "
        f"times, with its 95 % interval. Features that say the same share their importance.{shown}"
    )
    return f'<p class="lead">{escape(told)}</p>{figure("Permutation importance", picture, listing(("feature", "loss", "interval"), rows))}'


def _lost(value: float) -> str:
    """A loss with as many decimals as the others have, and not as if noise were measured."""
    return measured(value if abs(value) >= _LEAST_SHOWN else 0.0)


def dependences(found: tuple[Dependence, ...], task: Task) -> str:
    """One figure for each of the strongest features."""
    made = "".join(_levels(each, task) if each.levels else _curve(each, task) for each in found)
    told = (
        "The mean prediction where every row has the same value of the feature, and keeps all of its others: "
        "how the model answers, not what causes what."
    )
    return f'<p class="lead">{told}</p><div class="figures wide">{made}</div>'


def shown(level: Level) -> str:
    """The level in words."""
    if level.kind == "value":
        return level.value or "(empty)"
    return f"({level.value})"


def _curve(each: Dependence, task: Task) -> str:
    plot = Plot.over((each.at[0], each.at[-1]), _range(each, task), width=WIDTH)
    is_share = task != "regression"
    ticks = "".join(f'<path class="rug" d="M{plot.x(at):.1f},{plot.y.start} v-7"/>' for at in each.at)
    parts = [plot.axes(each.feature, "mean prediction", y_text=percents if is_share else number), ticks]
    for place, series in enumerate(each.predicted):
        parts.append(plot.line(each.at, series, f"curve s{place}"))
    parts += _names(each, plot)
    heads = (each.feature, "rows below", *(each.labels or ("prediction",)))
    rows = [
        (number(at), percents(share), *(measured(series[place]) for series in each.predicted))
        for place, (at, share) in enumerate(zip(each.at, each.share, strict=True))
    ]
    return figure(each.feature, plot.svg(f"Mean prediction over {each.feature}", parts), listing(heads, rows))


def _names(each: Dependence, plot: Plot) -> list[str]:
    """The series' names at their ends, moved apart where they would lie on each other."""
    if not each.labels:
        return []
    ends = sorted((plot.y(series[-1]), place) for place, series in enumerate(each.predicted))
    made, free = [], -1e9
    for y, place in ends:
        at = max(y - 5, free)
        free = at + 13
        made.append(plot.text(plot.x.end - 2, at, short(each.labels[place], 18), "end", f"t{place}"))
    return made


def _levels(each: Dependence, task: Task) -> str:
    text = number if task == "regression" else percents
    if len(each.predicted) == 1:
        made = [
            Dot(shown(level), value, note=f"{text(value)}, {percent(round(share, 3))} of rows")
            for level, value, share in zip(each.levels, each.predicted[0], each.share, strict=True)
        ]
        picture = dots(f"Mean prediction by {each.feature}", made, "mean prediction", text=text)
        return figure(each.feature, picture)
    heads = (each.feature, *each.labels, "rows")
    rows = [
        (shown(level), *(measured(series[place]) for series in each.predicted), percent(round(each.share[place], 3)))
        for place, level in enumerate(each.levels)
    ]
    return f"<figure><figcaption>{escape(each.feature)} <small>mean prediction</small></figcaption>{listing(heads, rows)}</figure>"


def _range(each: Dependence, task: Task) -> tuple[float, float]:
    """Of the predictions; where they hardly move, the picture shows so."""
    values = [value for series in each.predicted for value in series]
    low, high = min(values), max(values)
    least = 0.1 if task != "regression" else abs(high) * 0.02
    room = max((high - low) * 0.08, (least - (high - low)) / 2)
    bounded = task != "regression"
    return (max(0.0, low - room), min(1.0, high + room)) if bounded else (low - room, high + room)
