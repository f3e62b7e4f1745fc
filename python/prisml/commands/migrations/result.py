"""What was found of the pending revisions."""

from __future__ import annotations

from dataclasses import dataclass

from prisml.manifest import Read


@dataclass(frozen=True)
class Watched:
    """What is not to break: the columns that a model's features read; ``version`` is that of the active one, None for a definition's."""

    model: str
    version: int | None
    reads: tuple[Read, ...]


@dataclass(frozen=True)
class Broken:
    """What a revision would do to a column that a model's features read."""

    revision: str
    message: str
    operation: str
    column: str
    detail: str
    model: str
    features: tuple[str, ...]


@dataclass(frozen=True)
class Unseen:
    """What a revision does that was not analysed, and the lines of its file where it does."""

    revision: str
    message: str
    what: str
    lines: tuple[int, ...]


@dataclass(frozen=True)
class Migrations:
    """The pending revisions in the order in which they would be applied, what they would break, and what nobody looked at.

    ``current`` are the revisions that the database is at; none where Alembic has never been at work there.
    """

    current: tuple[str, ...]
    pending: tuple[str, ...]
    broken: tuple[Broken, ...]
    unseen: tuple[Unseen, ...]

    @property
    def passed(self) -> bool:
        """Whether every model would go on."""
        return not self.broken
