"""The two data sets of the race, 20 made-up numbers and 13 mixed columns of real flights, in every form that a contender starts from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, make_dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.datasets import make_classification

from benches.handmade import Handmade
from benches.peer_entities import BASES, FLIGHT_NUMBERS, FLIGHT_TEXTS, FLIGHT_WHOLE, POINT_NUMBERS
from prisml.manifest import Task

Rows = list[dict[str, Any]]
FLIGHT_FEATURES = ("dep_delay", "carrier", "origin", "dest", *FLIGHT_NUMBERS[1:])
_DERIVED = {"scheduled_weekday": "day_of_week", "scheduled_month": "month"}


@dataclass(frozen=True, eq=False)
class Table:
    """A data set: ``frame`` as a user has it, what is learned for each task, and which rows are trained on.

    ``categories`` are the texts of each category in the order of their codes. A category that is missing or unknown has the code after
    them.
    """

    name: str
    frame: pd.DataFrame
    targets: Mapping[Task, NDArray[Any]]
    train: NDArray[np.bool_]

    @property
    def features(self) -> list[str]:
        """The columns, in the order of the encoded matrix."""
        return list(self.frame.columns)

    @cached_property
    def categories(self) -> dict[str, list[str]]:
        """The texts of each category, most frequent of the training part first, equals by value."""
        return {name: _by_frequency(self.frame.loc[self.train, name]) for name in self.features if name in FLIGHT_TEXTS}

    @cached_property
    def matrix(self) -> NDArray[np.float32]:
        """Every row encoded: float32, NaN where a number is missing."""
        return np.column_stack([self._encoded(name) for name in self.features]).astype(np.float32)

    @cached_property
    def provisional(self) -> NDArray[np.float32]:
        """Every row as extraction encodes it: the codes are places in ``first_seen``."""
        codes = {name: pd.Categorical(self.frame[name], categories=list(self.first_seen[name])).codes for name in self.categories}
        return np.column_stack([codes.get(name, self.matrix[:, place]) for place, name in enumerate(self.features)]).astype(np.float32)

    @cached_property
    def first_seen(self) -> dict[str, tuple[str, ...]]:
        """The texts of each category in any order that is no better than another."""
        return {name: tuple(sorted(self.frame[name].dropna().unique())) for name in self.categories}

    @property
    def entity(self) -> type[Any]:
        """The mapped class whose rows these are."""
        return BASES[self.name]

    def sample(self, count: int) -> Sample:
        """``count`` rows that were not trained on, repeated where there are fewer."""
        held = np.flatnonzero(~self.train)
        places = np.resize(held, count)
        distinct = min(count, len(held))
        frame = self.frame.iloc[places[:distinct]]
        return Sample(self, _plain(frame), np.ascontiguousarray(self.matrix[places]), count)

    def _encoded(self, name: str) -> NDArray[Any]:
        if name not in self.categories:
            return np.asarray(self.frame[name], dtype=np.float32)
        kept = self.categories[name]
        codes = pd.Categorical(self.frame[name], categories=kept).codes
        return np.where(codes < 0, len(kept), codes)


@dataclass(frozen=True, eq=False)
class Sample:
    """The same rows in every form: ``matrix`` is encoded; the others are what an application has before that."""

    table: Table
    distinct: Rows
    matrix: NDArray[np.float32]
    count: int

    @cached_property
    def rows(self) -> Rows:
        """Each row a dict of its own."""
        return [dict(self.distinct[place % len(self.distinct)]) for place in range(self.count)]

    @cached_property
    def objects(self) -> list[Any]:
        """Each row an object with attributes."""
        return self._as(slots=False)

    @cached_property
    def slotted(self) -> list[Any]:
        """Each row an object with slots."""
        return self._as(slots=True)

    @cached_property
    def loaded(self) -> list[Any]:
        """Each row an instance of the mapped class, with its columns loaded."""
        return [self.table.entity(**row) for row in self.rows]

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The rows as pandas has them."""
        return pd.DataFrame(self.rows, columns=self.table.features)

    @cached_property
    def arrow(self) -> Any:
        """The rows as an Arrow table; ``ImportError`` without pyarrow."""
        import pyarrow as pa

        return pa.Table.from_pylist(self.distinct).take(np.arange(self.count) % len(self.distinct)).combine_chunks()

    def __len__(self) -> int:
        return self.count

    def alone(self, place: int) -> Sample:
        """One of the rows."""
        return Sample(self.table, [self.distinct[place % len(self.distinct)]], self.matrix[place : place + 1], 1)

    def _as(self, *, slots: bool) -> list[Any]:
        kind = make_dataclass("Given", self.table.features, slots=slots)
        return [kind(**row) for row in self.rows]


def synthetic(train: int, test: int) -> Table:
    """Made-up numbers: 20 columns of which 12 tell something."""
    matrix, label = make_classification(train + test, 20, n_informative=12, n_redundant=4, flip_y=0.02, random_state=0)
    random = np.random.default_rng(1)
    amount = matrix @ random.normal(size=20) + matrix[:, 0] * matrix[:, 1] + random.normal(size=len(matrix))
    # Every form gives the same float32: what is scored is one and the same.
    frame = pd.DataFrame(matrix.astype(np.float32).astype(np.float64), columns=list(POINT_NUMBERS))
    return Table("synthetic", frame, _targets(label.astype(bool), amount, _thirds(amount)), np.arange(len(matrix)) < train)


def flights(train: int, test: int) -> Table:
    """Flights that arrived: numbers with gaps and three categories; trained on before November, held out from then on."""
    handmade = Handmade()
    kept = _thinned(np.flatnonzero(handmade.train), train), _thinned(np.flatnonzero(handmade.test), test)
    places = np.concatenate(kept)
    moment = handmade.frame["time_hour"].dt
    columns = {name: getattr(moment, _DERIVED[name]) if name in _DERIVED else handmade.frame[name] for name in FLIGHT_FEATURES}
    frame = pd.DataFrame(columns).iloc[places].reset_index(drop=True)
    delay = handmade.delay[places]
    return Table("flights", frame, _targets(delay > 15, delay, np.digitize(delay, [0.5, 15.5])), np.arange(len(frame)) < len(kept[0]))


TABLES = {"synthetic": synthetic, "flights": flights}


def _targets(binary: NDArray[Any], regression: NDArray[Any], multiclass: NDArray[Any]) -> dict[Task, NDArray[Any]]:
    return {"binary": binary, "regression": regression, "multiclass": multiclass}


def _thirds(values: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(np.digitize(values, np.quantile(values, [0.3, 0.7])))


def _thinned(places: NDArray[Any], count: int) -> NDArray[Any]:
    thinned: NDArray[Any] = places[:: max(1, -(-len(places) // count))]
    return thinned


def _by_frequency(values: pd.Series) -> list[str]:
    counts = values.value_counts()
    return list(counts.sort_index().sort_values(ascending=False, kind="stable").index)


def _plain(frame: pd.DataFrame) -> Rows:
    """The rows as a database driver gives them: int, float, str, and None for what is missing."""
    columns: list[Sequence[object]] = []
    for name in frame.columns:
        kind: Any = str if name in FLIGHT_TEXTS else int if name in FLIGHT_WHOLE else float
        columns.append([None if pd.isna(value) else kind(value) for value in frame[name]])
    return [dict(zip(frame.columns, values, strict=True)) for values in zip(*columns, strict=True)]
