"""Models as C: compiled by tl2cgen and m2cgen with the system's compiler, called through their Python API and directly by ctypes."""

from __future__ import annotations

import ctypes
import hashlib
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benches.peer_contenders import Contender, NotForThis
from benches.peer_data import Sample
from benches.peer_models import Model

_ENTRY_MISSING = -1
_FILES = 8


def treelite_model(model: Model) -> Any:
    """The model as treelite has it."""
    import treelite

    if model.name == "LGBM":
        return treelite.frontend.from_lightgbm(model.final.booster_)
    if model.name == "XGB":
        return treelite.frontend.from_xgboost(model.final.get_booster())
    return treelite.sklearn.import_model(model.final)


def with_thresholds_above(forest: Any) -> Any:
    """The trees with each threshold moved to the float32 above it, for a library that asks ``x < threshold`` where they ask ``<=``."""
    for place in range(forest.num_tree):
        tree = forest.get_tree_accessor(place)
        exact = tree.get_field("threshold")
        below = exact.astype(np.float32)
        below = np.where(below > exact, np.nextafter(below, np.float32(-np.inf)), below)
        tree.set_field("threshold", np.nextafter(below, np.float32(np.inf)).astype(exact.dtype))
    return forest


def tl2cgen(model: Model, sample: Sample) -> list[Contender]:
    """The trees as C by tl2cgen: its predictor with its matrix ready and, for one row, the compiled function itself."""
    import tl2cgen as library

    if model.name not in ("GB", "HGB", "LGBM", "XGB", "RF"):
        raise NotForThis("trees only")
    path = _compiled(model, "tl2cgen", lambda target: _write_trees(model, target))
    predictor = library.Predictor(str(path), nthread=1)
    found = [
        Contender(
            "tl2cgen",
            "array",
            lambda given: library.DMatrix(model.prepared(given.matrix).astype(np.float32), dtype="float32"),
            predictor.predict,
            _last,
        )
    ]
    if len(sample) == 1:
        found.append(_called(model, path))
    return found


def m2cgen(model: Model, sample: Sample) -> list[Contender]:
    """The model as C by m2cgen, called through ctypes, one row at a time."""
    import m2cgen as library

    if model.name not in ("LR", "LGBM"):
        raise NotForThis("only LR and LGBM are translated")
    if len(sample) > 1:
        raise NotForThis("it has no batches")
    path = _compiled(model, "m2cgen", lambda target: _compile(library.export_to_c(model.final), target))
    score = ctypes.CDLL(str(path)).score
    if model.name == "LR":
        score.restype = ctypes.c_double
        return [Contender("C by m2cgen", "array", lambda given: _doubles(model, given)[0], score, _logistic)]
    out = np.zeros(2)
    pointer = ctypes.c_void_p(out.ctypes.data)
    score.restype = None
    return [
        Contender(
            "C by m2cgen", "array", lambda given: _doubles(model, given), lambda ready: score(ready[0], pointer), lambda _: out[1:].copy()
        )
    ]


class _Kept(ctypes.c_void_p):
    """A pointer that keeps the array it leads to."""

    array: NDArray[Any]


def _pointer(array: NDArray[Any]) -> _Kept:
    kept = _Kept(array.ctypes.data)
    kept.array = array
    return kept


def _doubles(model: Model, sample: Sample) -> tuple[_Kept]:
    return (_pointer(model.prepared(sample.matrix)[0].astype(np.float64)),)


def _called(model: Model, path: Path) -> Contender:
    """tl2cgen's function, called with pointers that are there already."""
    library = ctypes.CDLL(str(path))
    library.get_threshold_type.restype = ctypes.c_char_p
    library.get_leaf_output_type.restype = ctypes.c_char_p
    kinds: dict[bytes, type[Any]] = {b"float32": np.float32, b"float64": np.float64}
    entry = kinds[library.get_threshold_type()]
    out = np.zeros(8, dtype=kinds[library.get_leaf_output_type()])
    pointer = ctypes.c_void_p(out.ctypes.data)
    predict = library.predict
    predict.restype = None
    columns = 2 if model.name == "RF" else 1

    def ready(sample: Sample) -> _Kept:
        row = model.prepared(sample.matrix)[0].astype(entry)
        bits = row.view(np.int32 if entry is np.float32 else np.int64)
        bits[np.isnan(row)] = _ENTRY_MISSING
        # The function adds to what stands there; while it is timed, that is the last answer, which costs no more.
        out[:] = 0
        return _pointer(row)

    def call(row: _Kept) -> None:
        predict(row, 0, pointer)

    return Contender("C by tl2cgen", "array", ready, call, lambda _: out[columns - 1 : columns].astype(np.float64))


def _write_trees(model: Model, target: Path) -> None:
    import tl2cgen as library

    library.export_lib(treelite_model(model), toolchain="gcc", libpath=str(target), params={"parallel_comp": _FILES})


def _compile(source: str, target: Path) -> None:
    text = target.with_suffix(".c")
    text.write_text(source, encoding="utf-8")
    subprocess.run(["gcc", "-O3", "-shared", "-fPIC", "-o", str(target), str(text), "-lm"], check=True)  # noqa: S607


def _compiled(model: Model, tool: str, make: Callable[[Path], None]) -> Path:
    """The compiled library, kept between runs: compiling a forest takes a minute."""
    folder = Path(tempfile.gettempdir()) / "prisml-peers"
    folder.mkdir(exist_ok=True)
    path = folder / f"{tool}-{hashlib.sha256(model.artifact.onnx).hexdigest()[:16]}.so"
    if not path.exists():
        make(path)
    return path


def _last(found: Any) -> NDArray[Any]:
    return np.asarray(found).reshape(len(found), -1)[:, -1]


def _logistic(score: float) -> NDArray[Any]:
    return np.asarray(1.0 / (1.0 + np.exp(-np.array([score]))))
