"""What lets another version serve: publish, activate, rollback. Each is one entry of the log, or none where nothing changes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from prisml.errors import ConflictError, VersionNotFoundError
from prisml.registry.bundle import Artifact
from prisml.registry.database import Database
from prisml.registry.log import By, change, held, read_log, served_before
from prisml.registry.transaction import Transaction
from prisml.registry.versions import Details, Version, active_version, every_version, find_version, living_versions, store


@contextmanager
def changing(database: Database, name: str) -> Iterator[Transaction]:
    """A transaction to change a model by that is there: an unknown one is refused before any table is made."""
    with database.reading() as transaction:
        living_versions(transaction, name)
    with database.writing() as transaction:
        yield transaction


Expected = int | Literal["any"] | None
"""The number of the version that is expected to serve; None: that none does."""


def publish(
    transaction: Transaction, artifact: Artifact, details: Details, by: By, *, activate: bool, force: bool, expected: Expected = "any"
) -> Version:
    """Store ``artifact``, and let it serve where that is wanted, ``expected`` serves still, and nothing but ``force`` holds it."""
    name = artifact.manifest.name
    as_expected = expected == "any" or expected == _serving(transaction, name)
    number = store(transaction, artifact, details)
    if activate and as_expected and (force or held(read_log(transaction, name)) is None):
        change(transaction, name, number, "publish", by)
    return find_version(transaction, name, number)


def _serving(transaction: Transaction, name: str) -> int | None:
    return next((version.number for version in every_version(transaction, name) if version.active), None)


def activate(transaction: Transaction, name: str, which: int | str, by: By) -> Version:
    """Let that version serve; an experiment that runs is over."""
    number = find_version(transaction, name, which).number
    change(transaction, name, number, "activate", by)
    return find_version(transaction, name, number)


def roll_back(transaction: Transaction, name: str, to: int | str | None, expected: int | str | None, by: By) -> Version:
    """Let the version serve that did before, or that ``to`` names; an experiment that runs is over."""
    serving = active_version(transaction, name)
    if expected is not None and expected not in (serving.number, serving.label):
        raise ConflictError(
            f"{name!r} version {serving.number} serves, and not {expected!r}.",
            {"model": name, "version": serving.number, "expected": expected},
            [f"See what happened, and decide again: prisml history {name}."],
        )
    number = _previous(transaction, name, serving) if to is None else find_version(transaction, name, to).number
    change(transaction, name, number, "rollback", by)
    return find_version(transaction, name, number)


def _previous(transaction: Transaction, name: str, serving: Version) -> int:
    living = {version.number for version in living_versions(transaction, name)}
    for number in served_before(read_log(transaction, name)):
        if number in living and number != serving.number:
            return number
    raise VersionNotFoundError(
        f"{name!r} has no version to go back to: none that is left served before version {serving.number}.",
        {"model": name, "version": serving.number, "versions": tuple(sorted(living))},
        [f"Name one, as in: prisml activate {name} NUMBER."],
    )
