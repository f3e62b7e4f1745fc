"""The Python of a first definition."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from prisml.commands.init.features import Draft, LeftOut
from prisml.commands.init.label import DAYS, Label
from prisml.commands.init.mapped import Attribute, Entity, ToMany, is_importable
from prisml.commands.init.names import is_attribute

SNAPSHOTS = 3
_WEEKS = timedelta(weeks=13)
_PRISML = ("Feature", "Gate", "TimeSplit", "days_since", "define_model", "expression", "related")
_SQL = ("exists", "func", "select")


@dataclass(frozen=True)
class Chosen:
    """All that a definition is written of. ``newest`` is the last day of which the database is known to tell (None: today)."""

    entity: Entity
    label: Label
    draft: Draft
    variable: str
    output: str
    today: date
    newest: date | None = None
    besides: tuple[str, ...] = ()

    @property
    def snapshots(self) -> tuple[date, ...]:
        """The moments that rows are seen at: the last is so far back that what the label asks of it has happened."""
        end = min(self.newest or self.today, self.today) - _WEEKS
        return tuple(end - _WEEKS * back for back in reversed(range(SNAPSHOTS)))


def source_of(chosen: Chosen) -> str:
    """The module: docstring, imports, and one definition, as a formatter would leave it."""
    body = "\n".join([*_before(chosen), f"{chosen.variable} = define_model(", *_arguments(chosen), ")", ""])
    title = f'"""Predicts `{chosen.output}` of `{chosen.entity.name}`. A first draft by `prisml init`: read it, and make it yours."""'
    return f"{title}\n\n{_imports(chosen, body)}\n\n{body}"


def _before(chosen: Chosen) -> list[str]:
    if chosen.label.kind != "silence":
        return []
    dates = [f"    {_date(day)}," for day in chosen.snapshots]
    return [f"AHEAD = timedelta(days={DAYS})", "SNAPSHOTS = [", *dates, "]", "", ""]


def _arguments(chosen: Chosen) -> list[str]:
    features = [line for each in chosen.draft.taken for line in f'"{each.name}": {each.code},'.splitlines()]
    remarks = _remarks(chosen.draft.left_out)
    of = chosen.label.of
    stable = ["# stable=True says that it never changes once the row exists: is that so?"] if "stable=True" in "".join(features) else []
    lines = [
        f"{chosen.entity.name},",
        f'output="{chosen.output}",',
        *(_silence(of) if isinstance(of, ToMany) else _column(chosen.label, of)),
        "features={",
        *(f"    {line}" for line in (*stable, *features)),
        *(f"    {line}" for line in remarks),
        "},",
        *(_moments(chosen) if isinstance(of, ToMany) else _hint_of_time(chosen.entity)),
        *_gates(chosen.label),
    ]
    return [f"    {line}" for line in lines]


def _silence(relationship: ToMany) -> list[str]:
    time = relationship.time.code
    conditions = [f"{each}," for each in (*relationship.joined, f"{time} >= as_of", f"{time} < as_of + AHEAD")]
    return [
        f"# True where no {relationship.target.__name__} comes in the {DAYS} days from `as_of` on.",
        "label=expression(",
        "    lambda as_of: (",
        "        ~exists().where(",
        *(f"            {each}" for each in conditions),
        "        )",
        "    )",
        "),",
    ]


def _column(label: Label, column: Attribute) -> list[str]:
    lines = [f"label={column.code},"]
    if column.dtype != "bool":
        lines.append(f'task="{label.task}",')
    if label.task == "binary" and column.dtype != "bool":
        lines += ["# The value whose probability is wanted.", f"positive={_value(column, column.members[1])},"]
    return lines


def _value(column: Attribute, member: str) -> str:
    """A value of the column as Python, by the member of its enumeration or as a text."""
    if column.enum is None or not is_importable(_outermost(column.enum)):
        return _text(member)
    return f"{column.enum.__qualname__}.{member}" if is_attribute(member) else f"{column.enum.__qualname__}[{_text(member)}]"


def _outermost(cls: type) -> type:
    """The class that is imported: an enumeration may stand in the body of another."""
    name = cls.__qualname__.partition(".")[0]
    found = getattr(sys.modules.get(cls.__module__), name, cls)
    return found if isinstance(found, type) else cls


def _text(value: str) -> str:
    """A literal of Python in double quotes, whose escapes are those of JSON."""
    return json.dumps(value, ensure_ascii=False)


def _moments(chosen: Chosen) -> list[str]:
    began = chosen.entity.began
    where = [] if began is None else [f"where=expression(lambda as_of: {began.code} < as_of),"]
    return [
        "# Each row is seen once at each of these moments, by what was known then; the last is held out, to judge by.",
        "as_of=SNAPSHOTS,",
        *where,
        "split=TimeSplit(test_from=SNAPSHOTS[-1]),",
    ]


def _hint_of_time(entity: Entity) -> list[str]:
    began = entity.began
    lines = ["# Rows are seen as they are now. Would a feature be known before the label is? If not, leave it out."]
    if began is not None and began.nullable is False:
        lines.append(f"# Or have each row seen at its own moment: as_of={began.code}.")
    return lines


def _gates(label: Label) -> list[str]:
    metric = {"binary": "roc_auc", "multiclass": "log_loss", "regression": "rmse"}[label.task]
    return ["# Modest: better than guessing. Raise it once you know what you need.", f'gates=[Gate("{metric}", better_than="baseline")],']


def _remarks(left_out: Sequence[LeftOut]) -> list[str]:
    return ["# Left out:", *(f"# - {_one_line(each.name)}: {_one_line(each.why)}" for each in left_out)] if left_out else []


def _one_line(text: str) -> str:
    """Nothing in the name of a column ends the comment that it stands in."""
    return "".join(char if char.isprintable() else " " for char in text)


def _imports(chosen: Chosen, body: str) -> str:
    code = "\n".join(line for line in body.splitlines() if not line.lstrip().startswith("#"))
    standard = _named("datetime", [name for name in ("date", "timedelta") if f"{name}(" in code])
    third = _named("prisml", [name for name in _PRISML if f"{name}(" in code])
    third += _named("sqlalchemy", [name for name in _SQL if _is_used(name, code)])
    classes: dict[str, set[str]] = {}
    column = chosen.label.of
    members = column.enum if isinstance(column, Attribute) and f"positive={column.enum and column.enum.__name__}." in code else None
    for cls in (chosen.entity.cls, members, *_read(chosen)):
        if cls is not None and _is_used(cls.__name__, code):
            classes.setdefault(cls.__module__, set()).add(cls.__name__)
    own = [line for module in sorted(classes) for line in _named(module, sorted(classes[module]))]
    own += [f"import {module}  # noqa: F401 -- classes that it is related to" for module in chosen.besides if module not in classes]
    return "\n\n".join("\n".join(group) for group in (standard, third, own) if group)


def _read(chosen: Chosen) -> Iterable[type]:
    yield from (each.reads for each in chosen.draft.taken if each.reads is not None)
    if isinstance(chosen.label.of, ToMany):
        yield chosen.label.of.target
    elif chosen.label.of.enum is not None:
        yield _outermost(chosen.label.of.enum)


def _named(module: str, found: Sequence[str]) -> list[str]:
    if not found:
        return []
    line = f"from {module} import {', '.join(found)}"
    return [line] if len(line) <= 88 else [f"from {module} import (", *(f"    {name}," for name in found), ")"]


def _is_used(name: str, body: str) -> bool:
    return re.search(rf"(?<![\w.]){re.escape(name)}\b", body) is not None


def _date(day: date) -> str:
    return f"date({day.year}, {day.month}, {day.day})"
