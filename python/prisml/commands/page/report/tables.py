"""What is told in tables: metrics, gates, the worst errors, what was tried, and how the version was made."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import starmap

from prisml.commands.page.report.plot import table
from prisml.commands.page.report.subject import Subject
from prisml.commands.page.text import count, escape, isolated, measured, moment, number
from prisml.definition.gates import LOWER_IS_BETTER
from prisml.manifest import CrossValidation, Finding, Folded, GateVerdict, Interval, Manifest
from prisml.report import Attempt, Miss

# What is left of 0 by adding up.
_NOTHING = 1e-12
_NONE = '<span class="none">none</span>'


def tiles(subject: Subject) -> str:
    """The metrics that are told first, in large."""
    made = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{measured(of.value)}<small>{_ends(of) or 'no interval'}</small></dd></div>"
        for name, of in subject.headlines.items()
    )
    return f'<dl class="tiles">{made}</dl>' if made else ""


def metrics(manifest: Manifest) -> str:
    """Every metric with its interval, beside a guess that knows no feature."""
    body = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td class="number">{measured(of.value)}</td><td class="number">{_ends(of) or _NONE}</td>'
        f'<td class="number">{_guessed(manifest, name)}</td>'
        f"<td>{'lower' if name in LOWER_IS_BETTER else 'higher'} is better</td></tr>"
        for name, of in manifest.metrics.items()
    )
    told = f"On {count(manifest.rows.test, 'row')} that were held out. The guess is made of the training part's labels alone."
    return table(("metric", "value", "95 % interval", "guess", ""), body, told)


def _guessed(manifest: Manifest, name: str) -> str:
    value = manifest.baseline.get(name)
    return _NONE if value is None else measured(value if abs(value) > _NOTHING else 0.0)


def cross_validation(found: CrossValidation) -> str:
    """Each metric over the folds."""
    body = "".join(_folded(name, of) for name, of in found.metrics.items())
    return table(("metric", "mean", "deviation", "folds"), body, f"In {count(len(found.folds), 'fold')} of the training part.")


def _folded(name: str, of: Folded) -> str:
    folds = ", ".join("none" if value is None else measured(value) for value in of.values)
    cells = "".join(f'<td class="number">{cell}</td>' for cell in (measured(of.mean), measured(of.deviation), folds))
    return f'<tr><th scope="row">{escape(name)}</th>{cells}</tr>'


def gates(verdicts: Sequence[GateVerdict]) -> str:
    """What each gate wanted, what it got, and the verdict."""
    heads = ("gate", "wanted", "got", "95 % interval", "verdict", *(("why",) if any(each.reason for each in verdicts) else ()))
    return table(heads, "".join(_gate(each, len(heads)) for each in verdicts))


def _gate(each: GateVerdict, columns: int) -> str:
    got = (_NONE, _NONE) if each.got is None else (measured(each.got.value), _ends(each.got) or _NONE)
    numbers = "".join(f'<td class="number">{cell}</td>' for cell in got)
    cells = (
        f"<td>{escape(each.wanted)}</td>",
        numbers,
        f"<td>{_verdict(passed=each.passed)}</td>",
        f"<td>{escape(each.reason or '')}</td>",
    )
    return f'<tr><th scope="row">{isolated(each.name)}</th>{"".join(cells[: columns - 2])}</tr>'


def warnings(found: Sequence[Finding]) -> str:
    """What was found of the rows before fitting."""
    return f'<ul class="found">{"".join(f"<li>{isolated(str(each))}</li>" for each in found)}</ul>'


def worst(found: Sequence[Miss], key: Sequence[str], *, is_number: bool) -> str:
    """The keys of the rows that were predicted the worst."""
    heads = (*map(escape, key), "truth less prediction" if is_number else "probability that the truth lacked")
    body = "".join(_miss(each, is_number=is_number) for each in found)
    told = "Rows of the hold-out by their primary keys. Nothing else of a row is kept: look them up in the database."
    return table(heads, body, told)


def _miss(each: Miss, *, is_number: bool) -> str:
    first, *others = (isolated(part) for part in each.key)
    cells = "".join(f"<td>{part}</td>" for part in others)
    error = number(each.error) if is_number else measured(each.error)
    return f'<tr><th scope="row">{first}</th>{cells}<td class="number">{error}</td></tr>'


def tried(found: Sequence[Attempt]) -> str:
    """The algorithms that a search tried."""
    heads = ("algorithm", "parameters", "rows", "score", "")
    told = "The score is on rows kept for that, lower is better; they are no part of the hold-out."
    return table(heads, "".join(map(_attempt, found)), told)


def _attempt(each: Attempt) -> str:
    parameters = _pairs(each.parameters) or "defaults"
    outcome = "<strong>chosen</strong>" if each.chosen else escape(each.reason or "")
    return (
        f'<tr><th scope="row">{escape(each.algorithm)}</th><td><code>{escape(parameters)}</code></td><td class="number">{each.rows:,}</td>'
        f'<td class="number">{_NONE if each.score is None else measured(each.score)}</td><td>{outcome}</td></tr>'
    )


def making(subject: Subject) -> str:
    """How the version was made, and what it can be told by."""
    body = "".join(f'<tr><th scope="row">{name}</th><td>{cell}</td></tr>' for name, cell in _making(subject))
    return f'<div class="scroll"><table class="facts"><tbody>{body}</tbody></table></div>'


def _making(subject: Subject) -> Iterator[tuple[str, str]]:
    manifest, version = subject.manifest, subject.version
    yield "Estimator", f"<code>{escape(manifest.estimator)}</code>"
    yield "Parameters", f"<code>{escape(_pairs(manifest.parameters))}</code>"
    if subject.is_measured:
        yield "Split", escape(_pairs(manifest.split))
        yield "Seed", str(manifest.seed)
        rows = manifest.rows
        yield "Rows", f"{rows.extracted:,} read, {rows.train:,} to train, {rows.test:,} held out"
        yield "Dropped", escape(_dropped(manifest)) or "none"
    yield "Seen", escape(_seen(manifest))
    yield "Features", f"{len(manifest.inputs):,}"
    if manifest.waived:
        yield "Guards waived", escape(", ".join(manifest.waived))
    parity = manifest.parity
    allowed = f"{parity.max_difference:.1e} from the fitted model (allowed: {parity.tolerance:.1e}), {parity.label_flips:,} label flips"
    yield "Parity", f"{parity.rows + parity.edge_rows:,} rows of the production engine at most {allowed}"
    yield "Libraries", escape(", ".join(starmap("{} {}".format, sorted(manifest.libraries.items()))))
    if version is not None:
        yield "Published", f"{moment(version.created_at)} UTC by {isolated(version.author)}"
        if version.commit:
            yield "Commit", f"<code>{escape(version.commit)}</code>"
    yield "Digest", f"<code>{manifest.digest if version is None else version.digest}</code>"
    yield "Graph", f"<code>{manifest.model_sha256}</code>"


def _dropped(manifest: Manifest) -> str:
    rows = manifest.rows
    reasons = {
        "without a label": rows.dropped_null_label,
        "without a moment": rows.dropped_null_as_of,
        "whose label's time is not over": rows.dropped_open_window,
        "whose label reaches into the hold-out": rows.dropped_overlapping,
    }
    return ", ".join(f"{number_:,} {reason}" for reason, number_ in reasons.items() if number_)


def _seen(manifest: Manifest) -> str:
    if manifest.as_of_column is not None:
        return f"each row at its own {manifest.as_of_column}"
    if manifest.snapshots:
        return f"at {', '.join(at.removesuffix('T00:00:00+00:00') for at in manifest.snapshots)}"
    return "as the database was when it was read"


def _verdict(*, passed: bool) -> str:
    return '<span class="verdict pass">✓ passed</span>' if passed else '<span class="verdict fail">✕ not passed</span>'


def _ends(of: Interval) -> str:
    return "" if of.low is None or of.high is None else f"{measured(of.low)} to {measured(of.high)}"


def _pairs(of: Mapping[str, object]) -> str:
    return ", ".join(f"{key}={_json(value)}" for key, value in of.items())


def _json(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
