"""What is learned: the task, inferred from the label's type where that is certain, and the positive class."""

from __future__ import annotations

from typing import get_args

from prisml.definition.given import is_word
from prisml.definition.mapping import ValueType
from prisml.definition.place import Place, choose_from
from prisml.errors import described, quoted, with_article
from prisml.manifest import ClassLabel, Dtype, Task

TASKS: tuple[Task, ...] = get_args(Task)

_POSSIBLE: dict[Dtype, tuple[Task, ...]] = {
    "bool": ("binary",),
    "float": ("regression",),
    "decimal": ("regression",),
    "int": ("regression", "binary", "multiclass"),
    "str": ("binary", "multiclass"),
    "enum": ("binary", "multiclass"),
}


def label_dtype(place: Place, label: ValueType) -> Dtype:
    """The dtype of the label; ``DefinitionError`` where it is of a type that no task learns."""
    if label.dtype is None or label.dtype not in _POSSIBLE:
        raise place.of("the label").error(
            f"is of type {label.described}, which cannot be learned",
            "Give a bool, int, float, Decimal, str or Enum: a comparison, or sqlalchemy.type_coerce(..., Boolean()) where SQL has no type.",
        )
    return label.dtype


def resolve_task(place: Place, label: ValueType, task: object) -> Task:
    """The task: as given, or as the label's type has it; ``DefinitionError`` where the two do not fit or neither says."""
    here = place.of("the task")
    possible = _POSSIBLE[label_dtype(place, label)]
    options = " or ".join(f'task="{name}"' for name in possible)
    if task is None:
        if len(possible) > 1:
            raise here.error(f"cannot be told from a label of type {label.described}", f"Write {options}.")
        return possible[0]
    if not is_word(task, *TASKS):
        raise here.error(f"{quoted(task)} is not known", choose_from(TASKS, task))
    for name in possible:
        if name == task:
            return name
    raise here.error(
        f"{quoted(task)} does not fit a label of type {label.described}",
        f"Write {options}, or give another label, such as a comparison.",
    )


def resolve_positive(place: Place, task: Task, label: ValueType, positive: object) -> ClassLabel | None:
    """The label that P is the probability of, an Enum's member by name; None unless the task is binary."""
    here = place.of("positive")
    if task != "binary":
        if positive is not None:
            raise here.error(f"is given for a {task} task", 'Leave it out, or write task="binary".')
        return None
    if label.dtype == "bool" and positive is None:
        return True
    if positive is None:
        raise here.error(
            f"is required for a binary label of type {label.described}", "Say which of the two is predicted: positive=<that label>."
        )
    return _label(here, label, positive)


def _label(here: Place, label: ValueType, positive: object) -> ClassLabel:
    if label.enum_class is not None:
        if isinstance(positive, label.enum_class):
            return positive.name
        raise here.error(
            f"is {described(positive)}, not a member of {label.enum_class.__name__}",
            f"Write positive={label.enum_class.__name__}.{next(iter(label.enum_class.__members__), '<member>')} or another member.",
        )
    wanted: dict[Dtype, type[bool | int | str]] = {"bool": bool, "int": int, "str": str}
    for dtype, kind in wanted.items():
        if dtype == label.dtype and type(positive) is kind:
            return _known_string(here, label, kind(positive))
    raise here.error(f"is {described(positive)}, and the label is of type {label.described}", f"Give {with_article(str(label.dtype))}.")


def _known_string(here: Place, label: ValueType, positive: ClassLabel) -> ClassLabel:
    if label.strings and positive not in label.strings:
        raise here.error("is none of the strings that the label's column allows", choose_from(label.strings, positive))
    return positive
