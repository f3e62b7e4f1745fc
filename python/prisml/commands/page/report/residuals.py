"""Where a regression is off, and by how much."""

from __future__ import annotations

from prisml.commands.page.report.plot import Plot, figure, listing, percents
from prisml.commands.page.text import measured, number
from prisml.report import Residuals


def residuals(found: Residuals) -> str:
    """Over the predictions, as a distribution, and beside a normal one."""
    return f'<div class="figures">{_bands(found)}{_distribution(found)}{_normal(found)}</div>'


def _bands(found: Residuals) -> str:
    at = [band.predicted for band in found.bands]
    lines = list(zip(*(band.quantiles for band in found.bands), strict=True))
    plot = Plot.over((min(at), max(at)), (min(lines[0]), max(lines[-1])))
    parts = [
        plot.axes("prediction", "truth less prediction"),
        plot.area(at, lines[0], lines[4], "wide"),
        plot.area(at, lines[1], lines[3], "narrow"),
        plot.line(at, lines[2], "curve"),
        plot.line((plot.x.low, plot.x.high), (0, 0), "chance") if plot.y.low < 0 < plot.y.high else "",
    ]
    rows = [(number(band.predicted), f"{band.rows:,}", *map(number, band.quantiles)) for band in found.bands]
    table = listing(("prediction", "rows", "10 %", "25 %", "50 %", "75 %", "90 %"), rows)
    remark = "median, with half and four fifths of the rows around it"
    return figure("Residuals over predictions", plot.svg(f"Residuals over predictions: {remark}", parts), table, remark=remark)


def _distribution(found: Residuals) -> str:
    edges, counts = found.distribution.edges, found.distribution.counts[0]
    whole = sum(counts) or 1
    shares = [some / whole for some in counts]
    plot = Plot.over((edges[0], edges[-1]), (0, max(shares) * 1.08))
    parts = [
        plot.axes("truth less prediction", "share of the rows", y_text=percents),
        plot.steps(edges, shares, "first"),
        plot.upright(0, "as predicted") if edges[0] < 0 < edges[-1] else "",
    ]
    rows = [(f"{number(edges[place])} to {number(edges[place + 1])}", f"{some:,}") for place, some in enumerate(counts)]
    remark = "without the outermost 1 %"
    return figure("Residuals", plot.svg("Histogram of the residuals", parts), listing(("residual", "rows"), rows), remark=remark)


def _normal(found: Residuals) -> str:
    plot = Plot.over((found.normal[0], found.normal[-1]), (min(found.quantiles), max(found.quantiles)))
    lower, upper = (min(range(len(found.normal)), key=lambda place: abs(found.normal[place] - at)) for at in (-0.6745, 0.6745))
    slope = (found.quantiles[upper] - found.quantiles[lower]) / (found.normal[upper] - found.normal[lower])
    middle = (found.quantiles[upper] + found.quantiles[lower]) / 2
    ends = [max(plot.y.low, min(plot.y.high, middle + slope * at)) for at in (plot.x.low, plot.x.high)]
    at = [(end - middle) / slope if slope else end for end in ends] if slope else [plot.x.low, plot.x.high]
    parts = [
        plot.axes("normal quantile", "quantile of the residuals"),
        plot.line(at, ends, "chance"),
        *(plot.dot(x, y, f"{measured(x)}: {number(y)}", "small") for x, y in zip(found.normal, found.quantiles, strict=True)),
    ]
    rows = [(measured(x), number(y)) for x, y in zip(found.normal, found.quantiles, strict=True)]
    picture = plot.svg("Quantiles of the residuals over those of a normal distribution", parts)
    remark = "on the dashed line: normal"
    return figure("Quantile plot", picture, listing(("normal", "residual"), rows), remark=remark)
