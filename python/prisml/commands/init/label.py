"""What can be predicted of an entity, the likeliest first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from prisml.commands.init import names
from prisml.commands.init.mapped import Attribute, Entity, ToMany
from prisml.errors import DefinitionError
from prisml.manifest import Task

DAYS = 90
"""How far a label looks ahead, and a count back."""

_NUMBERS = ("int", "float", "decimal")


@dataclass(frozen=True)
class Label:
    """What is to be predicted: a column, or that no row of a to-many relationship comes in the next 90 days."""

    kind: Literal["column", "silence"]
    of: Attribute | ToMany
    variable: str
    output: str
    task: Task

    @property
    def name(self) -> str:
        """What chooses it: the column, or the relationship."""
        return self.of.name

    @property
    def described(self) -> str:
        """A line of a list to choose from."""
        if isinstance(self.of, ToMany):
            return f"{self.name}: whether none comes in the {DAYS} days ahead"
        known = ", of the rows where it is known" if self.of.nullable else ""
        return f"{self.name}: {self.of.dtype}{known}"


def labels_of(entity: Entity) -> tuple[Label, ...]:
    """Every label that the mapping offers, the likeliest first."""
    return tuple(sorted(_labels(entity), key=rank))


def choose_label(entity: Entity, name: str | None) -> Label:
    """The label of that name, which may be any column that can be one; without a name the likeliest."""
    offered = labels_of(entity)
    if name is None:
        if offered:
            return offered[0]
        hint = "Write the label as SQL by hand: label=expression(...), or give the class a column that holds what is to be predicted."
        others = _others(entity)
        hints = [f"Where it is one of its columns, name it: --label {' or '.join(others)}.", hint] if others else [hint]
        raise DefinitionError(f"{entity.name} has no column that is known to be a label.", {"entity": entity.name}, hints)
    for label in offered:
        if label.name == name:
            return label
    column = entity.column(name)
    if column is not None and _can_be_named(column):
        return _of_column(column)
    known = dict.fromkeys([*(label.name for label in offered), *_others(entity)])
    hints = [f"What can be one: {', '.join(known) or 'none of its columns and relationships'}."]
    message = f"{entity.name} has no label {name!r}: {_why_none(entity, name)}."
    raise DefinitionError(message, {"entity": entity.name, "label": name}, hints)


def _others(entity: Entity) -> list[str]:
    """The columns that can be a label, though nothing but the user's word says so."""
    return [each.name for each in entity.columns if _can_be_named(each) and names.reveals(each.name) is None]


def _why_none(entity: Entity, name: str) -> str:
    beyond = dict(entity.beyond)
    column = entity.column(name)
    if name in beyond:
        return f"it {beyond[name]}"
    if column is not None:
        return f"it cannot be one ({column.unfit or f'of type {column.dtype}'})"
    if name in {relationship for relationship, *_ in entity.to_one}:
        return "it leads to one row, and only a relationship to many can be one"
    return "there is no such column or relationship"


def _can_be_named(column: Attribute) -> bool:
    """Whether the column can be a label where the user says that it is one."""
    return column.unfit is None and column.dtype in ("str", "enum", *_NUMBERS)


def _labels(entity: Entity) -> Iterator[Label]:
    for column in entity.columns:
        fit = column.unfit is None and names.reveals(column.name) is None
        if fit and (column.dtype == "bool" or (column.dtype in _NUMBERS and column.nullable)):
            yield _of_column(column)
    for relationship in entity.to_many:
        is_churn = names.is_people(entity.name) and relationship == min(entity.to_many, key=lambda each: not names.is_business(each.name))
        variable = "churn" if is_churn else f"no_{relationship.name}"
        yield Label("silence", relationship, variable, f"{variable}_probability", "binary")


def rank(label: Label) -> int:
    """How far from likely: outcomes by name, then silence, then other booleans, then numbers that are not known everywhere."""
    if isinstance(label.of, ToMany):
        return 1 if names.is_business(label.name) else 2
    outcome = names.is_outcome(label.name)
    if label.of.dtype == "bool":
        return 0 if outcome else 3
    return 4 if outcome else 5


def _of_column(column: Attribute) -> Label:
    task: Task = (
        "binary" if column.dtype == "bool" or len(column.members) == 2 else "regression" if column.dtype in _NUMBERS else "multiclass"
    )
    variable = names.without_verb(names.snake(column.name))
    output = f"{variable}_probability" if task == "binary" else f"predicted_{variable}"
    return Label("column", column, variable, output, task)
