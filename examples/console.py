"""What the demos print: sentences, and commands as one would type them."""

from __future__ import annotations

import shlex
import subprocess
import sys

from rich.console import Console

console = Console()


def say(sentence: str) -> None:
    """Prints what comes next."""
    console.print(f"\n{sentence}", style="bold cyan", highlight=False, soft_wrap=True)


def run(command: list[str]) -> int:
    """Shows a command as one would type it, runs it, and returns its exit code. What is not ``prisml`` is a module for Python."""
    shown = command if command[0] == "prisml" else ["python", "-m", *command]
    console.print(f"$ {shlex.join(shown)}", style="bold", highlight=False, soft_wrap=True)
    return subprocess.run([sys.executable, "-m", *command], check=False).returncode
