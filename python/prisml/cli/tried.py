"""What a search tried: the best of it as a table, all of it as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.table import Table

from prisml.cli import render
from prisml.manifest import Search
from prisml.training.search.tried import NO_TIME, Tried, ranked

BEST = 10


def tried_table(tried: Sequence[Tried], search: Search) -> Table:
    """The ten best candidates, the chosen one first; it need not have the lowest score, since it may be the simplest."""
    best = ranked(tried)[:BEST]
    rows = [
        (
            each.algorithm,
            ", ".join(f"{name} {value}" for name, value in each.parameters.items()) or "as it is",
            f"{each.rows:,}",
            render.number(each.score),
            f"{each.seconds:,.2f}",
            "chosen" if each.chosen else "",
        )
        for each in best
    ]
    title = f"Tried, the best {len(best)} of {search.candidates:,}"
    return render.table(
        title, ("algorithm", "parameters", "rows", search.metric, "seconds", ""), rows, right=("rows", search.metric, "seconds")
    )


def untried(tried: Sequence[Tried]) -> list[str]:
    """Sentences on what there was no time for, and on what was dropped and why; none where all was tried."""
    late = [each for each in tried if each.reason == NO_TIME]
    defaults = [each.algorithm for each in late if each.rung == 0 and not each.parameters]
    draws = sum(each.rung == 0 and bool(each.parameters) for each in late)
    further = sum(each.rung > 0 for each in late)
    lacking = [
        *([f"the defaults of {', '.join(defaults)}"] if defaults else []),
        *([f"{render.count(draws, 'draw')} of other parameters"] if draws else []),
        *([f"{render.count(further, 'fit')} on more rows"] if further else []),
    ]
    dropped = Counter(f"{each.algorithm} ({each.reason})" for each in tried if each.reason not in {None, NO_TIME})
    listed = ", ".join(what if count == 1 else f"{what} {count} times" for what, count in dropped.items())
    return [*([f"There was no time for {'; '.join(lacking)}."] if lacking else []), *([f"Dropped: {listed}."] if listed else [])]


def tried_documents(tried: Sequence[Tried]) -> list[dict[str, object]]:
    """Each candidate on each rung, in the order of trying."""
    return [
        {
            "algorithm": each.algorithm,
            "parameters": dict(each.parameters),
            "rung": each.rung,
            "rows": each.rows,
            "score": each.score,
            "seconds": round(each.seconds, 3),
            "reason": each.reason,
            "chosen": each.chosen,
        }
        for each in tried
    ]
