"""The installation: interpreter, release, and the compiled core."""

from __future__ import annotations

import ast
import json
import platform
import sys
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path

from prisml.commands.doctor.finding import Finding, ok, warning, wrong
from prisml.version import installed_version

CORE = "prisml._core"
_REINSTALL = 'pip install --force-reinstall --no-deps "prisml=={version}"'


def look_at_installation() -> Iterator[Finding]:
    """Findings of the interpreter, the release and the core."""
    detail = f"{platform.python_implementation()} {platform.python_version()} on {sys.platform}, {platform.machine()}"
    yield ok("installation.python", "Python", detail)
    yield _release()
    yield _core()


def _release() -> Finding:
    try:
        found = distribution("prisml")
    except PackageNotFoundError:
        detail = "is used from its source and not installed: no release is known"
        return warning("installation.release", "PrisML", detail, "pip install prisml")
    return ok("installation.release", "PrisML", f"{found.version}, {_installed_as(found)}")


def _installed_as(found: Distribution) -> str:
    tags = [line.removeprefix("Tag: ") for line in (found.read_text("WHEEL") or "").splitlines() if line.startswith("Tag: ")]
    wheel = f"wheel {', '.join(tags)}" if tags else "not from a wheel"
    try:
        origin = json.loads(found.read_text("direct_url.json") or "{}")
    except ValueError:
        origin = {}
    editable = isinstance(origin, dict) and (origin.get("dir_info") or {}).get("editable")
    return f"editable, {wheel}" if editable else wheel


def _core() -> Finding:
    remedy = _REINSTALL.format(version=installed_version())
    found = find_spec(CORE)
    if found is None or found.origin is None:
        return wrong("installation.core", "core", f"{CORE} is not there: this is the source without what is compiled of it", remedy)
    try:
        core = import_module(CORE)
    except ImportError as error:
        return wrong("installation.core", "core", f"{Path(found.origin).name} cannot be loaded: {error}", remedy)
    lacking = sorted(name for name in _expected() if not hasattr(core, name))
    if lacking:
        detail = f"{Path(found.origin).name} is of another release than the Python side: it lacks {', '.join(lacking)}"
        return wrong("installation.core", "core", detail, remedy)
    return ok("installation.core", "core", f"{Path(found.origin).name} has all that this release calls")


def _expected() -> tuple[str, ...]:
    """The names of the core by its stub, which lies beside it."""
    stub = Path(__file__).parents[2] / "_core.pyi"
    if not stub.is_file():
        return ()
    for node in ast.parse(stub.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "__all__":
            return tuple(ast.literal_eval(node.value))
    return ()
