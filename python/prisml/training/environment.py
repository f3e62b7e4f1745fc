"""Whether the training stack is here, and which versions those are."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from platform import python_version

from prisml.definition.algorithms import Algorithm, Learner, algorithm_of
from prisml.errors import TrainingEnvironmentError

_NEEDED = ("scikit-learn", "onnx")
_OLDEST_SCIKIT_LEARN = (1, 6)
_NOTED = ("numpy", "onnxruntime", "prisml", "protobuf", "scipy")
# Which distributions a library comes in.
_COMES_IN: Mapping[str, tuple[str, ...]] = {"xgboost": ("xgboost", "xgboost-cpu")}
_INSTALL = 'Install the training stack: pip install "prisml[train]".'


def require_training_stack(learner: Learner | None = None) -> dict[str, str]:
    """The versions that a training of ``learner`` depends on; ``TrainingEnvironmentError`` where one is missing."""
    algorithm = None if learner is None else algorithm_of(learner)
    extra = {} if algorithm is None else require_extra(algorithm)
    found = {name: _installed(name) for name in (*_NEEDED, *_NOTED)}
    check_versions(found)
    present = {name: number for name, number in found.items() if number is not None}
    return {**present, **extra, "python": python_version()}


def require_extra(algorithm: Algorithm) -> dict[str, str]:
    """The version of the library that ``algorithm`` needs beside scikit-learn; ``TrainingEnvironmentError`` where that is missing."""
    if algorithm.extra is None:
        return {}
    found = {name: number for name in _COMES_IN.get(algorithm.extra, (algorithm.extra,)) if (number := _installed(name)) is not None}
    if not found:
        raise TrainingEnvironmentError(
            f"The algorithm {algorithm.name!r} needs {algorithm.extra}, which cannot be found.",
            {"missing": [algorithm.extra]},
            [f'Install it: pip install "prisml[train,{algorithm.extra}]".'],
        )
    return found


def check_versions(found: Mapping[str, str | None]) -> None:
    """Raise ``TrainingEnvironmentError`` where ``found`` (distribution to version, None: absent) lacks what training needs."""
    missing = [name for name in _NEEDED if found.get(name) is None]
    if missing:
        raise TrainingEnvironmentError(f"Training needs {', '.join(missing)}, which cannot be found.", {"missing": missing}, [_INSTALL])
    number = found["scikit-learn"]
    if number is not None and _release(number) < _OLDEST_SCIKIT_LEARN:
        oldest = ".".join(map(str, _OLDEST_SCIKIT_LEARN))
        raise TrainingEnvironmentError(
            f"scikit-learn {number} is installed, and training needs {oldest} or newer.", {"scikit-learn": number}, [_INSTALL]
        )


def _release(number: str) -> tuple[int, ...]:
    """The first two parts of a version, as numbers."""
    return tuple(int(part) for part in number.split(".")[:2] if part.isdigit())


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
