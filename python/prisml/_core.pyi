from collections.abc import Callable, Mapping, Sequence
from typing import final

import numpy as np
from numpy.typing import NDArray

from prisml.errors import PrisMLError

__all__ = ["Encoder", "Model", "load_model", "load_runtime"]

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
    def categories(self) -> list[list[str] | list[int] | None]: ...

@final
class Model:
    @property
    def digest(self) -> str: ...
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
    ) -> tuple[NDArray[np.float64], dict[int, PrisMLError], dict[str, int]]: ...
    def predict_encoded(self, matrix: NDArray[np.float32]) -> NDArray[np.float64]: ...
    def encode(
        self, rows: Sequence[object], *, as_of: int | None = None, computed: Mapping[str, Sequence[object]] | None = None
    ) -> NDArray[np.float32]: ...

def load_model(digest: str, fetch: Callable[[], tuple[str, bytes]]) -> Model: ...
