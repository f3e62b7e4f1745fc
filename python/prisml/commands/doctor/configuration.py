"""The configuration: ``[tool.prisml]``, and what the environment sets."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from prisml.commands.doctor.finding import Finding, ok, warning
from prisml.config import Config
from prisml.serving.settings import Settings

VARIABLES: Mapping[str, str] = {
    "PRISML_BACKEND": "where training runs",
    "PRISML_BATCH_ROWS": "the most rows of a batch",
    "PRISML_CACHE_BYTES": "the most bytes of models that nothing uses",
    "PRISML_CACHE_MODELS": "the most models that nothing uses",
    "PRISML_COMMIT": "the commit that a training keeps",
    "PRISML_IMAGE": "the image of a training in a container",
    "PRISML_LOG_FORMAT": "how the command line writes its log",
    "PRISML_LOG_LEVEL": "what the command line logs",
    "PRISML_MODEL_BYTES": "the most bytes of a graph",
    "PRISML_ORT_DYLIB": "where ONNX Runtime is",
    "PRISML_REGISTRY": "where the registry is",
    "PRISML_SCORER": "which scorer answers",
    "PRISML_SIMD": "the widest instructions of the native scorer",
}
"""Every variable of ours, with what it sets."""

_OTHERS = ("DATABASE_URL", "ORT_DYLIB_PATH")
_PREFIX = "PRISML_"


def look_at_file(config: Config) -> Iterator[Finding]:
    """Where the settings of the project are."""
    if config.root is None:
        yield ok("configuration.file", "pyproject.toml", "none with [tool.prisml] from here upward: options, environment and defaults hold")
        return
    yield ok("configuration.file", "pyproject.toml", f"[tool.prisml] of {config.root / 'pyproject.toml'}, without an unknown key")


def look_at_environment() -> Iterator[Finding]:
    """Names alone: a value may hold a password."""
    ours = sorted(name for name in os.environ if name.startswith(_PREFIX))
    known = [name for name in (*_OTHERS, *ours) if name in os.environ and (name in VARIABLES or name in _OTHERS)]
    yield ok("configuration.environment", "environment", f"sets {', '.join(known)}" if known else "sets nothing of PrisML's")
    for name in ours:
        if name not in VARIABLES:
            near = get_close_matches(name, VARIABLES, n=1)
            hint = f"Did you mean {near[0]}? Else: unset {name}" if near else f"unset {name}"
            yield warning("configuration.environment", name, "is set, and PrisML knows no such variable", hint)


def look_at_settings() -> Iterator[Finding]:
    """Whether the values of the serving settings can be meant."""
    settings = Settings.read()
    scorer = "native where it can" if settings.native else "ONNX Runtime alone"
    simd = "the widest instructions there are" if settings.simd is None else f"{settings.simd} at most"
    detail = f"scorer: {scorer}, {simd}; graphs up to {settings.model_bytes:,} bytes, batches up to {settings.batch_rows:,} rows"
    yield ok("configuration.settings", "settings", detail)
