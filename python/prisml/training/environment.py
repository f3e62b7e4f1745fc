"""Whether the training stack is here, in versions that work together, and which versions those are."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from platform import python_version

from prisml.errors import TrainingEnvironmentError

_NEEDED = ("scikit-learn", "skl2onnx", "onnx", "protobuf")
_NOTED = ("numpy", "onnxruntime", "prisml", "scipy")
_INSTALL = 'Install the training stack: pip install "prisml[train]".'


def require_training_stack() -> dict[str, str]:
    """The versions that a training depends on; ``TrainingEnvironmentError`` where one is missing or known not to work."""
    found = {name: _installed(name) for name in (*_NEEDED, *_NOTED)}
    check_versions(found)
    present = {name: number for name, number in found.items() if number is not None}
    return {**present, "python": python_version()}


def check_versions(found: Mapping[str, str | None]) -> None:
    """Raise ``TrainingEnvironmentError`` where ``found`` (distribution to version, None: absent) cannot train."""
    missing = [name for name in _NEEDED if found.get(name) is None]
    if missing:
        raise TrainingEnvironmentError(f"Training needs {', '.join(missing)}, which cannot be found.", {"missing": missing}, [_INSTALL])
    protobuf = found["protobuf"]
    if protobuf is not None and _major(protobuf) >= 7:
        raise TrainingEnvironmentError(
            f"protobuf {protobuf} is installed; skl2onnx works with protobuf 6.",
            {"protobuf": protobuf},
            [_INSTALL, 'Or change it alone: pip install "protobuf>=6,<7".'],
        )


def _major(number: str) -> int:
    head = number.partition(".")[0]
    return int(head) if head.isdigit() else 0


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
