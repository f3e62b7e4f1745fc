"""The choices of a first definition, made by the user or guessed, and each guess told."""

from __future__ import annotations

import keyword
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from prisml.commands.init.features import draft_features
from prisml.commands.init.guess import likeliest
from prisml.commands.init.imported import Imported
from prisml.commands.init.label import Label, choose_label
from prisml.commands.init.look import Look
from prisml.commands.init.mapped import Entity, ToMany
from prisml.commands.init.source import Chosen
from prisml.errors import DefinitionError

_TAKEN = frozenset(
    {"date", "timedelta", "exists", "func", "select", "AHEAD", "SNAPSHOTS", "expression", "related", "days_since", "define_model"}
)
_FOLDERS_OF_MODELS = frozenset({"models", "model", "entities", "tables", "orm"})


@dataclass(frozen=True)
class Wanted:
    """What the user said; None of what is to be guessed."""

    entity: str | None = None
    label: str | None = None
    output: str | None = None


def choose_entity(imported: Imported, name: str | None) -> Entity:
    """The entity of that name, or the likeliest."""
    return imported.entity(name) if name is not None else likeliest(imported.entities)


def choose(imported: Imported, entity: Entity, wanted: Wanted, look: Look) -> Chosen:
    """Everything that a definition of ``entity`` is written of. Raises ``DefinitionError`` where there is no such label, or no feature."""
    label = choose_label(entity, wanted.label)
    draft = draft_features(entity, label, look)
    if not draft.taken:
        reasons = "; ".join(f"{each.name}: {each.why}" for each in draft.left_out)
        hint = "Write the definition by hand, with expressions or resolvers as features."
        message = (
            f"{entity.name} has nothing to learn {label.name!r} from: no column of it can be a feature ({reasons or 'there is no other'})."
        )
        raise DefinitionError(message, {"entity": entity.name}, [hint])
    today = datetime.now(UTC).date()
    newest = look.newest(label.of.time) if isinstance(label.of, ToMany) else None
    output = wanted.output or label.output
    return Chosen(entity, label, draft, _variable(label, wanted.output), output, today, newest, imported.besides)


def place_of(entity: Entity, folder: Path, home: Path) -> Path:
    """``ml.py`` beside the entity's module, of which ``home`` is the folder that the application starts in; seen from ``folder``."""
    file = getattr(sys.modules[entity.cls.__module__], "__file__", None)
    beside = Path(file).resolve().parent if file else home
    if beside.name in _FOLDERS_OF_MODELS:
        beside = beside.parent
    return (folder / beside.relative_to(home) if beside.is_relative_to(home) else folder) / "ml.py"


def _variable(label: Label, output: str | None) -> str:
    name = label.variable if output is None else output.removesuffix("_probability").removeprefix("predicted_")
    if not name.isidentifier():
        name = f"model_{name}".rstrip("_")
    return f"{name}_model" if name in _TAKEN or keyword.iskeyword(name) else name
