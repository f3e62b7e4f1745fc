"""In what a column is another one than it was: its type, its values, whether NULL may stand in it, where it leads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from prisml.extraction.spelling import is_retyped
from prisml.manifest import Aspect, Read


@dataclass(frozen=True)
class Change:
    """One difference of a column, in the words of a sentence that begins with the column: ``is`` now, and what it ``was``."""

    aspect: Aspect
    now: str
    was: str

    def said(self, where: str) -> str:
        """The difference, ``where`` being what it was found in: ``is string in the mapping, and was integer``."""
        return f"{self.now} in {where}, and {self.was}"


def changes(was: Read, now: Read, *, dialect: str | None = None) -> Iterator[Change]:
    """What a model that was trained on ``was`` meets in ``now``; with ``dialect``, ``now`` is what that database has.

    More room for numbers and text, a column that may no longer be NULL, and another order of an enumeration's values are no change.
    """
    if is_retyped(was.type, now.type, dialect=dialect):
        yield Change("type", f"is {now.type}", f"was {was.type}")
    if was.values is not None and now.values is not None and set(was.values) != set(now.values):
        yield Change("values", f"has the values {_listed(now.values)}", f"had {_listed(was.values)}")
    if now.nullable and not was.nullable:
        yield Change("nullable", "may be NULL", "was NOT NULL")
    if was.references != now.references:
        yield Change("references", f"references {now.references or 'nothing'}", f"referenced {was.references or 'nothing'}")


def _listed(values: tuple[str, ...]) -> str:
    return ", ".join(map(repr, values))
