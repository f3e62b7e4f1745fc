"""The training stack: what training needs here, where it would run, and what is there besides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version

from prisml.commands.doctor.finding import Finding, failed, ok, skipped
from prisml.config import Backend
from prisml.errors import TrainingEnvironmentError

INSTALL = 'pip install "prisml[train]"'
_EXTRAS: Mapping[str, tuple[str, ...]] = {
    "xgboost": ("xgboost", "xgboost-cpu"),
    "lightgbm": ("lightgbm",),
    "arrow": ("pyarrow", "adbc-driver-postgresql"),
    "alembic": ("alembic",),
}
"""The optional libraries by the extra that brings them; xgboost comes in either of two."""


def look_at_training(backend: Backend) -> Iterator[Finding]:
    """Findings of the stack, of where training would run, and of the optional libraries; an install that only serves is not wrong."""
    is_here = True
    for finding in _stack():
        is_here = finding.status == "ok"
        yield finding
    yield _backend(backend, is_here=is_here)
    present = [f"{name} {number}" for names in _EXTRAS.values() for name in names if (number := _installed(name)) is not None]
    yield ok("training.extras", "optional libraries", ", ".join(present) or "none")


def _stack() -> Iterator[Finding]:
    # Here alone: serving needs none of it.
    from prisml.training.environment import require_training_stack

    if _installed("scikit-learn") is None and _installed("onnx") is None:
        yield skipped("training.stack", "stack", "is not installed: this install serves, and does not train", INSTALL)
        return
    try:
        found = require_training_stack()
    except TrainingEnvironmentError as error:
        yield failed("training.stack", "stack", error)
        return
    shown = ", ".join(f"{name} {found[name]}" for name in ("scikit-learn", "onnx", "numpy") if name in found)
    yield ok("training.stack", "stack", shown)


def _backend(backend: Backend, *, is_here: bool) -> Finding:
    from prisml.commands.backend.choice import choose_backend

    if backend == "local" and not is_here:
        return skipped("training.backend", "backend", "is set to local, where the stack is not", INSTALL)
    try:
        engine = choose_backend(backend)
    except TrainingEnvironmentError as error:
        if backend == "docker":
            return failed("training.backend", "backend", error)
        return skipped("training.backend", "backend", f"nowhere: {error.message}", " ".join(error.suggestions))
    place = "in this process" if engine is None else f"in a container of {engine.name} {engine.version}"
    return ok("training.backend", "backend", f"{backend}: {place}")


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
