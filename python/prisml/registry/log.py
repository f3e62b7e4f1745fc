"""The log of what serves: only ever appended to, each entry the whole state from then on."""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import Row, String, and_, func, insert, select, type_coerce

from prisml.errors import ArtifactError
from prisml.logs import MOVED, record
from prisml.registry.experiments import Experiment, read_experiment
from prisml.registry.tables import deployments, utc_text
from prisml.registry.transaction import Transaction

MOVES = frozenset({"publish", "activate", "rollback", "promote", "import"})
"""What lets a version serve; the other actions, start, ramp and stop, are about experiments alone."""
CHANNEL = "prisml"
"""PostgreSQL tells whoever listens here the name of a model whose log has grown."""


class Mark(NamedTuple):
    """Tells an entry of a model's log from every other, also from the one at its position in a registry that took this one's place."""

    position: int
    at: str


@dataclass(frozen=True)
class Deployment:
    """An entry of the log: which version serves from then on, and which experiment runs (None: none).

    ``action`` is publish, activate, rollback, start, ramp, stop, promote or import; ``before`` is the version that served until then.
    """

    name: str
    position: int
    at: datetime
    author: str
    action: str
    why: str | None
    before: int | None
    version: int
    experiment: Experiment | None

    @property
    def mark(self) -> Mark:
        """What ``last_marks`` gives for this entry."""
        return Mark(self.position, utc_text(self.at))


@dataclass(frozen=True)
class By:
    """Who does it, and why."""

    author: str | None = None
    why: str | None = None

    @property
    def who(self) -> str:
        """The author, or else the user of this process."""
        return self.author or process_user()


def last_entry(transaction: Transaction, name: str) -> Deployment | None:
    """The entry in force, or None where no version was ever activated."""
    found = read_log(transaction, name, limit=1)
    return found[0] if found else None


def read_log(transaction: Transaction, name: str, *, as_of: datetime | None = None, limit: int | None = None) -> tuple[Deployment, ...]:
    """The entries at or before ``as_of`` (naive: UTC), newest first."""
    statement = select(*transaction.columns(deployments)).where(deployments.c.name == name).order_by(deployments.c.position.desc())
    if as_of is not None:
        statement = statement.where(deployments.c.at <= as_of)
    try:
        return tuple(_read(row) for row in transaction.rows(statement.limit(limit)))
    except (TypeError, ValueError):
        # Not chained: it quotes what stands there.
        message = f"The log of {name!r} is damaged in the registry: the moment of an entry cannot be read."
        raise ArtifactError(message, {"model": name}, ["Restore the registry from a backup."]) from None


def last_marks(transaction: Transaction, names: Sequence[str]) -> dict[str, Mark]:
    """Which entry of each model's log is the last, in one statement; a model without a log is left out."""
    entry = deployments.c
    last = select(entry.name, func.max(entry.position).label("position")).where(entry.name.in_(names)).group_by(entry.name).subquery()
    # The moment as text: one that is damaged must not keep other models from being followed.
    statement = select(entry.name, entry.position, type_coerce(entry.at, String).label("at"))
    statement = statement.join(last, and_(entry.name == last.c.name, entry.position == last.c.position))
    return {row.name: Mark(row.position, row.at) for row in transaction.rows(statement)}


def last_positions(transaction: Transaction, names: Sequence[str]) -> dict[str, int]:
    """The position of each model's last entry, in one statement; a model without a log is left out."""
    return {name: mark.position for name, mark in last_marks(transaction, names).items()}


def change(transaction: Transaction, name: str, version: int, action: str, by: By, *, experiment: Experiment | None = None) -> Deployment:
    """Append that ``version`` serves and ``experiment`` runs from now on, unless both do already; the entry in force."""
    last = last_entry(transaction, name)
    if last is not None and (last.version, last.experiment) == (version, experiment):
        return last
    position, before = (last.position, last.version) if last is not None else (0, None)
    entry = Deployment(name, position + 1, datetime.now(UTC), by.who, action, by.why, before, version, experiment)
    write_entry(transaction, entry)
    transaction.committed.append(partial(_log, entry))
    return entry


def _log(entry: Deployment) -> None:
    running = entry.experiment
    variants = () if running is None else tuple(variant.version for variant in running.variants)
    record(
        MOVED,
        model=entry.name,
        action=entry.action,
        version=entry.version,
        before=entry.before,
        position=entry.position,
        experiment=None if running is None else running.name,
        variants=variants,
    )


def write_entry(transaction: Transaction, entry: Deployment) -> None:
    """Append ``entry`` as it is, and tell whoever listens once the transaction is committed."""
    values = {
        "name": entry.name,
        "position": entry.position,
        "at": entry.at,
        "author": entry.author,
        "why": entry.why,
        "from_number": entry.before,
        "to_number": entry.version,
        "action": entry.action,
        "experiment": None if entry.experiment is None else entry.experiment.to_json(),
    }
    transaction.write(insert(deployments).values(values))
    if transaction.connection is not None and transaction.connection.dialect.name == "postgresql":
        transaction.rows(select(func.pg_notify(CHANNEL, entry.name)))


def held(entries: Sequence[Deployment]) -> str | None:
    """Why a new version would not be activated after these entries (newest first); None where it would."""
    if not entries:
        return None
    if (running := entries[0].experiment) is not None:
        return f"experiment {running.name!r} runs"
    move = next((entry for entry in entries if entry.action in MOVES), None)
    if move is None or move.action != "rollback":
        return None
    why = f": {move.why}" if move.why else ""
    return f"the last move was a rollback from version {move.before} to {move.version} by {move.author}{why}"


def served_before(entries: Sequence[Deployment]) -> tuple[int, ...]:
    """The versions to go back to after these entries (newest first), nearest first; what was rolled back from is not among them."""
    stack: list[int] = []
    for entry in reversed(entries):
        if entry.action == "rollback":
            _pop_to(stack, entry.version)
        elif entry.action in MOVES and stack[-1:] != [entry.version]:
            stack.append(entry.version)
    return tuple(version for version in reversed(stack[:-1]) if version != stack[-1])


def process_user() -> str:
    """The user of this process."""
    try:
        return getpass.getuser()
    except (KeyError, ImportError, OSError):
        # A container may run under a number that has no name.
        return "unknown"


def _pop_to(stack: list[int], target: int) -> None:
    """Take what served after ``target`` off the stack; where it never served, it takes the place of what was left."""
    if stack[-1:] == [target]:
        return
    below = stack[:-1]
    stack[:] = below[: len(below) - below[::-1].index(target)] if target in below else [*below, target]


def _read(row: Row[Any]) -> Deployment:
    if row.at.tzinfo is None:
        raise ValueError
    experiment = None if row.experiment is None else read_experiment(row.experiment, model=row.name)
    if experiment is not None and experiment.control.version != row.to_number:
        raise ValueError
    # A registry of schema 1 knew one action.
    action = row.action or "activate"
    return Deployment(row.name, row.position, row.at, row.author, action, row.why, row.from_number, row.to_number, experiment)
