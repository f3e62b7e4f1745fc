"""What a version may be called: names, labels, notes and commits, checked before they are stored."""

from __future__ import annotations

from enum import Enum
from typing import Final

from sqlalchemy import select

from prisml.errors import ArtifactError, ConfigurationError, ConflictError
from prisml.registry.bundle import Artifact
from prisml.registry.tables import LONGEST_COMMIT, LONGEST_LABEL, LONGEST_NAME, versions
from prisml.registry.transaction import Transaction


class Unchanged(Enum):
    """The type of ``UNCHANGED``, which says that a label or note stays as it is; None removes it."""

    UNCHANGED = "unchanged"


UNCHANGED: Final = Unchanged.UNCHANGED


def checked_name(artifact: Artifact) -> str:
    """The model's name; ``ArtifactError`` where some database would cut, pad or take it for another."""
    name = artifact.manifest.name
    if not name or name != name.strip() or len(name) > LONGEST_NAME:
        raise ArtifactError(
            f"The registry cannot keep a model under the name {name[:40]!r}.",
            {"model": name},
            [f"Use 1 to {LONGEST_NAME} characters, with no space at either end."],
        )
    return name


def check_label(label: str | None) -> None:
    """Raise ``ConfigurationError`` for a label that databases disagree on, or that could be taken for a number."""
    if label is not None and (
        not label or label != label.strip() or len(label) > LONGEST_LABEL or not label.isprintable() or _is_number(label)
    ):
        raise ConfigurationError(
            f"A version cannot have the label {label[:40]!r}.",
            {"label": label[:LONGEST_LABEL]},
            [f"Use 1 to {LONGEST_LABEL} characters that are not a number, with no space at either end, as in v1.1."],
        )


def check_commit(commit: str | None) -> None:
    """Raise ``ConfigurationError`` for what is too long to be the name of a commit."""
    if commit is not None and not 0 < len(commit) <= LONGEST_COMMIT:
        raise ConfigurationError(
            "The commit cannot be kept: it is empty or too long.", {}, [f"Give the commit's hash, at most {LONGEST_COMMIT} characters."]
        )


def free_label(transaction: Transaction, row: tuple[str, int], label: str | None) -> None:
    """Raise ``ConflictError`` where another version of the model has that label."""
    if label is None:
        return
    name, number = row
    holder = transaction.first(select(versions.c.number).where(versions.c.name == name, versions.c.label == label))
    if holder is not None and holder.number != number:
        raise ConflictError(
            f"{name!r} version {holder.number} has the label {label!r} already.",
            {"model": name, "version": holder.number, "label": label},
            ["Choose another label, or take it away from that version first."],
        )


def _is_number(text: str) -> bool:
    # A number in a command must never mean a label: "3" is version 3, also as "+3" or "03".
    try:
        int(text)
    except ValueError:
        return False
    return True
