"""Where ONNX Runtime's library is, and loading it once in a process."""

from __future__ import annotations

import importlib.util
import os
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from prisml.errors import ConfigurationError

VARIABLES = ("PRISML_ORT_DYLIB", "ORT_DYLIB_PATH")
WHEEL = "the onnxruntime wheel"

_PATTERNS = {"win32": ("onnxruntime.dll",), "darwin": ("libonnxruntime.*.dylib", "libonnxruntime.dylib")}
_LINUX = ("libonnxruntime.so.*", "libonnxruntime.so")


def locate(path: str | os.PathLike[str] | None = None) -> Path:
    """The absolute path of the library: ``path``, else ``PRISML_ORT_DYLIB``, else ``ORT_DYLIB_PATH``, else the onnxruntime wheel's own.

    Each may name the library or its folder. A place that is named and does not hold it is an error: it is not passed over in silence.
    Nothing is imported. ``ConfigurationError`` lists every place that was tried.
    """
    return located(path)[1]


def located(path: str | os.PathLike[str] | None = None) -> tuple[str, Path]:
    """Who said where the library is, as a variable's name or ``WHEEL``, and its absolute path, as ``locate`` finds it."""
    tried: list[str] = []
    for origin, place, named in _places(path):
        found = _library_at(place) if place is not None else None
        if found is not None:
            return origin, found
        tried.append(f"{origin}: {place if place is not None else 'not set'}")
        if named:
            break
    raise ConfigurationError(
        f"ONNX Runtime's library was not found. Tried {'; '.join(tried)}.",
        {"tried": tuple(tried)},
        [f"Install it (pip install onnxruntime), or set {VARIABLES[0]} to the absolute path of the library."],
    )


def _places(path: str | os.PathLike[str] | None) -> Iterator[tuple[str, Path | None, bool]]:
    """Each origin, its place, and whether somebody named that place."""
    if path is not None:
        yield "the argument", Path(path), True
    for variable in VARIABLES:
        value = os.environ.get(variable)
        yield variable, Path(value) if value else None, bool(value)
    yield WHEEL, _wheel_folder(), False


def _wheel_folder() -> Path | None:
    try:
        spec = importlib.util.find_spec("onnxruntime")
    except ValueError:
        # Somebody put a module without a spec into sys.modules.
        return None
    folders = list(spec.submodule_search_locations or ()) if spec is not None else []
    return Path(folders[0]) / "capi" if folders else None


def _library_at(place: Path) -> Path | None:
    if place.is_file():
        return place.resolve()
    found = [file for pattern in _PATTERNS.get(sys.platform, _LINUX) for file in sorted(place.glob(pattern)) if file.is_file()]
    return found[0].resolve() if found else None


class _Once:
    """What the library said of its build when it was loaded, and the lock that lets one thread load it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.build: str | None = None

    def unlock(self) -> None:
        """In a forked child: a lock held by a thread that was left behind would never be free again."""
        self.lock = threading.Lock()


_once = _Once()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_once.unlock)


def start(load: Callable[[str], str], path: str | os.PathLike[str] | None = None) -> str:
    """What the library says of its build; ``load`` is called with its path the first time, and never again in this process."""
    if _once.build is not None:
        return _once.build
    with _once.lock:
        if _once.build is None:
            place = locate(path)
            # Wheels from 1.29 on start a telemetry thread when they load, and a forked child then hangs at its exit.
            os.environ["ORT_DISABLE_TELEMETRY"] = "1"
            _once.build = load(str(place))
        return _once.build
