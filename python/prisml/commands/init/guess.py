"""Which of several entities is the one that people want to know something of."""

from __future__ import annotations

from collections.abc import Sequence

from prisml.commands.init import names
from prisml.commands.init.label import labels_of, rank
from prisml.commands.init.mapped import Entity

_NO_LABEL = 9


def likeliest(entities: Sequence[Entity]) -> Entity:
    """The entity with the likeliest label; of several the one that most others belong to, and then the first."""
    return min(entities, key=lambda entity: (_best(entity), -len(entity.to_many), not names.is_people(entity.name)))


def _best(entity: Entity) -> int:
    offered = labels_of(entity)
    return rank(offered[0]) if offered else _NO_LABEL
