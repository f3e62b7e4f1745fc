"""A definition that was just written, imported as the next command will."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from prisml.errors import DefinitionError

_PROGRAM = """
import json, sys
from pathlib import Path
from prisml.commands.targets import find_definitions
found = find_definitions([sys.argv[1]], root=Path.cwd())
print(json.dumps([[error.message, list(error.suggestions)] for _, error in found.failures]))
"""


def validate(target: str, folder: Path) -> None:
    """Import ``target`` in an interpreter of its own; ``DefinitionError`` where it is not one whole definition."""
    # -B: what it would leave in __pycache__ is not taken back with the files.
    command = [sys.executable, "-B", "-c", _PROGRAM, target]
    # This interpreter, and no shell.
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace", check=False)  # noqa: S603
    lines = [line for line in run.stdout.splitlines() if line.startswith("[")]
    if run.returncode != 0 or not lines:
        last = (run.stderr.splitlines() or ["nothing was said"])[-1]
        message = (
            f"{target} was taken back: an interpreter that imports it ends with exit code {run.returncode} ({last.partition(':')[0]})."
        )
        raise DefinitionError(message, {"target": target}, [_SAY, _ELSE])
    for message, suggestions in json.loads(lines[-1]):
        raise DefinitionError(f"Nothing was written, for it would be no definition: {message}", {"target": target}, suggestions)


_SAY = "Nothing was written. Can the mapped classes be imported in a new interpreter: python -c 'import MODULE'?"
_ELSE = "Where they can, report it, with what --dry-run shows."
