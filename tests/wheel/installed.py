"""How the scripts beside this file ask the installation whose Python runs them; nothing but the standard library."""

from __future__ import annotations

import subprocess
import sysconfig
from pathlib import Path


def prisml(*words: str) -> str:
    """What the installed script ``prisml`` prints for these words."""
    script = Path(sysconfig.get_path("scripts")) / "prisml"
    done = subprocess.run([str(script), *words], capture_output=True, text=True, encoding="utf-8", check=False)
    if done.returncode:
        raise SystemExit(f"prisml {' '.join(words)} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout


def wanted(promise: str, *, kept: bool) -> None:
    """End with ``promise`` where it is broken; an assert would be gone under ``python -O``."""
    if not kept:
        raise SystemExit(f"broken: {promise}")
