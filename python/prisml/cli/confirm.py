"""The question before something is deleted."""

from __future__ import annotations

import sys

import click


def require_answer(*, yes: bool) -> None:
    """Refuse, before anything is looked up, to go on where a question would have to be asked and nobody can be."""
    if not yes and not sys.stdin.isatty():
        raise click.UsageError("It asks before it deletes, and stdin is no terminal: add --yes.")


def confirmed(question: str, *, yes: bool) -> bool:
    """Whether the user says yes, asked on stderr; with ``--yes`` nobody is asked."""
    return yes or click.confirm(question, err=True)
