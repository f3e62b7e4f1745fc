from collections.abc import Callable, Mapping, Sequence
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from prisml.errors import PrisMLError
from prisml.manifest import ClassLabel
from prisml.serving.prediction import Reading

__all__ = [
    "Encoder",
    "Model",
    "Prediction",
    "Predictor",
    "Routing",
    "Table",
    "bucket",
    "key_text",
    "largest_remainder",
    "load_model",
    "load_runtime",
    "reallocate",
]

def load_runtime(path: str) -> str: ...

@final
class Encoder:
    def __new__(cls, inputs: str) -> Encoder: ...
    @property
    def sources(self) -> list[tuple[str, ...]]: ...
    def encode(
        self,
        rows: Sequence[Sequence[object]],
        out: NDArray[np.float32],
        *,
        as_of: int,
        computed: Mapping[str, Sequence[object]] | None = None,
        first_row: int = 0,
    ) -> None: ...
    def encode_columns(
        self,
        table: Table,
        out: NDArray[np.float32],
        *,
        as_of: int,
        computed: Mapping[str, int] | None = None,
        first_row: int = 0,
    ) -> None: ...
    def categories(self) -> list[list[str] | list[int] | None]: ...

@final
class Model:
    @property
    def digest(self) -> str: ...
    @property
    def scorer(self) -> tuple[bool, str, int, str | None]: ...
    @property
    def doubtful(self) -> bool: ...
    def warm(self) -> None: ...
    @property
    def outputs(self) -> int: ...
    def predict_one(
        self, row: object, *, as_of: int | None = None, computed: Mapping[str, object] | None = None
    ) -> float | tuple[float, ...]: ...
    def predict_many(
        self,
        rows: Sequence[object],
        *,
        as_of: int | None = None,
        computed: Mapping[str, Sequence[object]] | None = None,
        null_errors: bool = False,
        only: Sequence[int] | None = None,
        threads: int = 1,
        within: float | None = None,
    ) -> tuple[NDArray[np.float64], dict[int, PrisMLError], dict[str, int]]: ...
    def predict_encoded(self, matrix: NDArray[np.float32], *, threads: int = 1, within: float | None = None) -> NDArray[np.float64]: ...
    def encode(
        self, rows: Sequence[object], *, as_of: int | None = None, computed: Mapping[str, Sequence[object]] | None = None
    ) -> NDArray[np.float32]: ...
    def predict_columns(
        self,
        columns: Table | NDArray[Any],
        *,
        as_of: int | None = None,
        null_errors: bool = False,
        only: Sequence[int] | None = None,
        threads: int = 1,
        within: float | None = None,
    ) -> tuple[NDArray[np.float64], dict[int, PrisMLError], dict[str, int]]: ...
    def encode_columns(self, columns: Table | NDArray[Any], *, as_of: int | None = None) -> NDArray[np.float32]: ...

@final
class Table:
    def __new__(cls, handed: object) -> Table: ...
    def __len__(self) -> int: ...
    @property
    def columns(self) -> tuple[str, ...]: ...
    def keys(self, names: Sequence[str]) -> list[object] | None: ...

def load_model(
    digest: str,
    fetch: Callable[[], tuple[str, bytes]],
    start: Callable[[], object],
    *,
    native: bool = True,
    level: str | None = None,
    room: tuple[int, int] = ...,
) -> Model: ...
def bucket(salt: str, key: object) -> int | None: ...
def key_text(key: object) -> str | None: ...
def largest_remainder(weights: Sequence[float]) -> list[int]: ...
def reallocate(old: Sequence[Sequence[tuple[int, int]]], counts: Sequence[int]) -> list[list[tuple[int, int]]]: ...

@final
class Predictor:
    def __new__(cls, model: Model, reading: Reading, version: int | None) -> Predictor: ...
    def predict(self, row: object) -> Prediction: ...

@final
class Prediction:
    def __new__(
        cls, raw: float | tuple[float, ...], reading: Reading, version: int | None = None, variant: str | None = None
    ) -> Prediction: ...
    @property
    def value(self) -> Any: ...
    @property
    def label(self) -> ClassLabel | None: ...
    @property
    def probabilities(self) -> Mapping[ClassLabel, float] | None: ...
    @property
    def version(self) -> int | None: ...
    @property
    def variant(self) -> str | None: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[type[Prediction], tuple[float | tuple[float, ...], Reading, int | None, str | None]]: ...

@final
class Routing:
    def __new__(cls, salt: str, ranges: Sequence[Sequence[tuple[int, int]]], forced: Mapping[str, int]) -> Routing: ...
    def assign(self, key: object) -> int | None: ...
    def assign_many(self, keys: Sequence[object] | NDArray[np.generic]) -> NDArray[np.int16]: ...
