"""What a command that writes to the registry says when it is interrupted."""

from __future__ import annotations

import click

from prisml.cli.failure import State


def look_with(command: str) -> None:
    """From now on an interruption says which command shows whether the change was made: it is one transaction, whole or not at all."""
    state = click.get_current_context().ensure_object(State)
    state.interrupted = lambda: f"Interrupted. `{command}` shows whether it was done."
