"""The features of a first draft: what is taken of an entity, as code, and what is left out, with the reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from prisml.commands.init import names
from prisml.commands.init.label import DAYS, Label
from prisml.commands.init.look import NOT_LOOKED, Look
from prisml.commands.init.mapped import Attribute, Entity, ToMany

_MOST_VALUES = 50
_SHORT = 32
_MOST_RELATED = 4
_RELATIONSHIP = "relationship"


@dataclass(frozen=True)
class Taken:
    """A feature: its name, the Python that makes it, and the class behind a relationship that it reads."""

    name: str
    code: str
    reads: type | None = None


@dataclass(frozen=True)
class LeftOut:
    """A column or relationship that is no feature, and why."""

    name: str
    why: str


@dataclass(frozen=True)
class Draft:
    """The features, and what is none."""

    taken: tuple[Taken, ...]
    left_out: tuple[LeftOut, ...]


def draft_features(entity: Entity, label: Label, look: Look = NOT_LOOKED) -> Draft:
    """Features of the entity that suit the label; with a ``look`` at the database, texts are judged by their values."""
    historic = label.kind == "silence"
    columns = [each for each in entity.columns if historic or each.name != label.name]
    found: list[Taken | LeftOut] = [_of_column(each, label, look, historic=historic) for each in columns]
    for name, target, theirs in entity.to_one:
        found += _over(name, entity, target, theirs, label, look, historic=historic)
    for relationship in entity.to_many:
        found += _counted(relationship)
    found += [LeftOut(name, f"a relationship that {why}") for name, why in entity.beyond]
    return _without_repetitions(found)


def _without_repetitions(found: Sequence[Taken | LeftOut]) -> Draft:
    """Of several features with one name the first stays: that of a column of the entity's own, where there is one."""
    taken: dict[str, Taken] = {}
    left_out: list[LeftOut] = []
    for each in found:
        if isinstance(each, LeftOut):
            left_out.append(each)
        elif each.name in taken:
            left_out.append(LeftOut(each.name, "another feature has this name already; give it one of its own"))
        else:
            taken[each.name] = each
    return Draft(tuple(taken.values()), tuple(left_out))


def _of_column(column: Attribute, label: Label, look: Look, *, historic: bool) -> Taken | LeftOut:
    why = _unfit(column, label, look, historic=historic)
    if why is not None:
        return LeftOut(column.name, why)
    if column.dtype in ("date", "datetime"):
        return Taken(f"days_since_{column.name}", f"days_since({column.code}{', stable=True' if historic else ''})")
    return Taken(column.name, f"Feature({column.code}, stable=True)" if historic else column.code)


def _over(
    name: str, entity: Entity, target: type, columns: tuple[Attribute, ...], label: Label, look: Look, *, historic: bool
) -> Iterator[Taken | LeftOut]:
    """Columns of the row that a to-one relationship leads to."""
    link, stable = f"{entity.name}.{name}", ", stable=True" if historic else ""
    taken = 0
    for column in columns:
        why = _unfit(column, label, look, historic=historic)
        if why is not None and not column.is_key:
            yield LeftOut(f"{name}.{column.name}", why)
        elif why is None and taken == _MOST_RELATED:
            yield LeftOut(f"{name}.{column.name}", "one of many; add it where it matters")
        elif why is None:
            taken += 1
            code = f"related({link}, {column.code}{stable})"
            is_time = column.dtype in ("date", "datetime")
            yield Taken(
                f"{name}_days_since_{column.name}" if is_time else f"{name}_{column.name}",
                f"days_since({code})" if is_time else code,
                target,
            )


def _counted(relationship: ToMany) -> Iterator[Taken]:
    """How many rows came in the last 90 days, and when the last one did."""
    target = relationship.target.__name__
    time = relationship.time.code
    joined = [f"{each}," for each in relationship.joined]
    recent = [*joined, f"{time} >= as_of - timedelta(days={DAYS}),", f"{time} < as_of,"]
    count = _select(f"func.count({target}.{relationship.key})", recent)
    last = _select(f"func.max({time})", [*joined, f"{time} < as_of,"])
    yield Taken(f"{relationship.name}_{DAYS}d", f"expression(\n{_indent(count)}\n)", relationship.target)
    yield Taken(
        f"days_since_last_{names.snake(target)}", f"days_since(\n    expression(\n{_indent(_indent(last))}\n    )\n)", relationship.target
    )


def _select(value: str, conditions: list[str]) -> str:
    where = "\n".join(f"        {condition}" for condition in conditions)
    return f"lambda as_of: (\n    select({value})\n    .where(\n{where}\n    )\n    .scalar_subquery()\n)"


def _indent(code: str) -> str:
    return "\n".join(f"    {line}" for line in code.splitlines())


def _unfit(column: Attribute, label: Label, look: Look, *, historic: bool) -> str | None:
    """Why the column is no feature; None where it is one."""
    why = column.unfit or (None if column.dtype == "bool" else names.reveals(column.name))
    if why is not None:
        return why
    if column.dtype == "uuid":
        return "names a row, not what it is like"
    if not historic and names.is_about(column.name, label.name):
        return f"named after the label: is it known before {label.name} is?"
    if names.is_ending(column.name):
        return "tells of an end: is it known before what is to be predicted?"
    if column.dtype in ("date", "datetime") and names.is_changing(column.name):
        return "changes whenever the row does"
    if historic and not names.is_born_with(column.name):
        return f"may have changed since the moment that the row is seen at; if it never does: Feature({column.code}, stable=True)"
    return _many_values(column, look) if column.dtype == "str" and not column.members else None


def _many_values(column: Attribute, look: Look) -> str | None:
    """Whether a text is no category: by its values where somebody looked, else by its name and its width."""
    values = look.values(column)
    if values is not None:
        return None if values <= _MOST_VALUES else f"text with more than {_MOST_VALUES} values"
    if names.has_few_values(column.name) or (column.width is not None and column.width <= _SHORT):
        return None
    return "free text, as far as can be told; a column with few values is a category"
