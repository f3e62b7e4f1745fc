"""ONNX Runtime: which library, which version, and whether a process survives it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from prisml.commands.doctor.finding import Finding, ok, skipped, warning, wrong
from prisml.serving.runtime import WHEEL, located

OLDEST = (1, 23, 2)
BROKEN = ("1.29.0",)
"""Below ``OLDEST`` the binding crashes at exit; those that are ``BROKEN`` hang there."""

PATIENCE_S = 60.0
INSTALL = 'pip install "onnxruntime>=1.23.2,!=1.29.0,<2"'
_PROGRAM = "from prisml.serving.served import load_runtime; print(load_runtime())"


def look_at_runtime() -> Iterator[Finding]:
    """Findings of the library; what stands behind one that is wrong is skipped."""
    origin, library = located()
    yield ok("runtime.library", "library", f"{library}, named by {origin}")
    found = _version(origin, library)
    yield _judged(found)
    yield _loaded(origin)


def _version(origin: str, library: Path) -> str | None:
    if origin == WHEEL:
        try:
            return version("onnxruntime")
        except PackageNotFoundError:
            pass
    spelt = re.search(r"(\d+\.\d+\.\d+)", library.name)
    return spelt.group(1) if spelt else None


def _judged(found: str | None) -> Finding:
    if found is None:
        return warning("runtime.version", "version", "the library's name does not tell its version; 1.23.2 and newer work, 1.29.0 does not")
    number = tuple(int(part) for part in re.findall(r"\d+", found)[:3])
    if number < OLDEST:
        return wrong("runtime.version", "version", f"{found}: processes crash when they end", INSTALL)
    if found in BROKEN:
        return wrong("runtime.version", "version", f"{found}: processes hang when they end", INSTALL)
    return ok("runtime.version", "version", found)


def _loaded(origin: str) -> Finding:
    """Whether a process of its own loads the library and ends: a wrong one may crash it, and must not crash this one."""
    remedy = (
        INSTALL if origin == WHEEL else f"Correct or unset {origin}; without it the library of the onnxruntime wheel is used: {INSTALL}"
    )
    try:
        # The interpreter is this one, and the program is ours.
        told = subprocess.run(  # noqa: S603
            [sys.executable, "-c", _PROGRAM], capture_output=True, text=True, errors="replace", check=False, timeout=PATIENCE_S
        )
    except subprocess.TimeoutExpired:
        return wrong("runtime.loads", "loading", f"a process that loads it does not end within {PATIENCE_S:g} s", remedy)
    except OSError as error:
        return skipped("runtime.loads", "loading", f"no process could be started: {type(error).__name__}")
    if told.returncode == 0:
        return ok("runtime.loads", "loading", "a process loads it and ends well; its telemetry is switched off")
    if told.returncode < 0:
        return wrong("runtime.loads", "loading", f"a process that loads it is ended by signal {-told.returncode}", remedy)
    said = next((line for line in reversed(told.stderr.splitlines()) if line.strip()), "")
    return wrong("runtime.loads", "loading", f"it cannot be loaded: {said.partition(': ')[2] or said}", remedy)
