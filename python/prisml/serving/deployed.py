"""What serves at one moment: the active version, and the variants of an experiment beside it. An engine swaps it whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prisml.definition.model import ModelDefinition
from prisml.errors import EncodingError, PrisMLError
from prisml.registry.experiments import BUCKETS, CONTROL, Experiment, Variant
from prisml.registry.log import Mark
from prisml.registry.registry import Registry
from prisml.serving.columns import checked_numbers
from prisml.serving.drift import OnDrift
from prisml.serving.effort import ONE_THREAD, Effort
from prisml.serving.info import Info
from prisml.serving.prediction import Predictions, Shares, present
from prisml.serving.served import Batch, Columns, Computed, Served, Table


class Deployed:
    """The versions that serve, loaded. Immutable.

    ``mark`` and ``position`` are those of the entry in the registry's log; None for what comes from no log. ``others`` are the versions
    of the experiment's variants by number, the control's among them.
    """

    def __init__(
        self,
        control: Served,
        *,
        mark: Mark | None = None,
        experiment: Experiment | None = None,
        others: Mapping[int, Served] = MappingProxyType({}),
    ) -> None:
        self.control = control
        self.mark = mark
        self.position = None if mark is None else mark.position
        self.experiment = experiment
        # The shortest way for the commonest call: one version, and nothing to compute before it is asked. None where there is more.
        self.predict = control.predict if experiment is None and not control.resolves else None
        self.reading = control.reading
        self.number = control.number
        self.name = control.manifest.name
        self.key = control.manifest.key
        variants = () if experiment is None else experiment.variants
        self._served = tuple(others[variant.version] for variant in variants)
        self._names = tuple(variant.name for variant in variants)
        self.by_number = {**others, **({} if control.number is None else {control.number: control})}

    @classmethod
    def read(
        cls,
        registry: Registry,
        name: str,
        definition: ModelDefinition[Any] | None,
        *,
        before: Deployed | None = None,
        on_drift: OnDrift = "warn",
    ) -> Deployed:
        """What the registry's log says is to serve, loaded; what ``before`` has of it is not loaded again."""
        found = registry.deployment(name)
        numbers = {found.version, *(variant.version for variant in (found.experiment.variants if found.experiment else ()))}
        known = {} if before is None else before.by_number
        served = {number: _load(registry, name, number, definition, known.get(number), on_drift) for number in sorted(numbers)}
        return cls(served[found.version], mark=found.mark, experiment=found.experiment, others=served)

    def preload(self) -> None:
        """Make now what the first prediction of any version would make, and what assigns the first key."""
        for served in {self.control, *self.by_number.values()}:
            served.preload()
        self.indices([None])
        _EVERYBODY.assign(None)

    def indices(self, keys: Sequence[object]) -> NDArray[np.int16]:
        """The index of the variant that answers for each key, -1 where none does; ``EncodingError`` names a key that cannot be one."""
        if self.experiment is not None:
            return self.experiment.assign_many(keys)
        # What is no key is refused today, and not on the day when somebody starts an experiment.
        _EVERYBODY.assign_many(keys)
        return np.full(len(keys), -1, dtype=np.int16)

    def assigned(self, key: object) -> tuple[Served, str | None]:
        """Which version answers for ``key``, and the variant's name; the active one and None without a key or an experiment."""
        variant = (self.experiment or _EVERYBODY).assign(key)
        return (self.control, None) if self.experiment is None or variant is None else (self.by_number[variant.version], variant.name)

    def said(self) -> tuple[object, ...]:
        """What differs where the registry says something else."""
        return self.mark, self.control.digest, self.experiment

    def info(self) -> Info:
        """What answers for the active version, and for the versions that an experiment serves beside it."""
        others = tuple(served.info() for number, served in sorted(self.by_number.items()) if number != self.number)
        return replace(self.control.info(), variants=others)

    def predict_many(
        self,
        rows: Sequence[object] | Columns,
        keys: Sequence[object] | None,
        *,
        as_of: int,
        computed: Computed | None,
        null_errors: bool,
        effort: Effort = ONE_THREAD,
    ) -> Predictions:
        """The predictions for ``rows``, each by the version that its key is assigned to."""

        def ask(served: Served, only: Sequence[int] | None = None) -> Batch:
            if isinstance(rows, Table):
                return served.columns(rows, as_of=as_of, null_errors=null_errors, only=only, effort=effort)
            if isinstance(rows, np.ndarray):
                numbers = checked_numbers(rows, served.manifest.inputs, served.manifest.name)
                return served.columns(numbers, as_of=as_of, null_errors=null_errors, only=only, effort=effort)
            return served.many(rows, as_of=as_of, computed=computed, null_errors=null_errors, only=only, effort=effort)

        of_row, keyless = (None, {}) if keys is None else self._assigned_rows(keys, null_errors=null_errors)
        if self.experiment is None or of_row is None:
            raw, errors, unseen = ask(self.control)
            return Predictions(raw, self.reading, self.number, errors=errors, unseen=unseen).failing(keyless)
        shape = (len(rows),) if self.reading.task != "multiclass" else (len(rows), len(self.reading.classes))
        raw, errors, unseen = np.full(shape, np.nan), {}, {}
        for index in present(of_row):
            places = np.flatnonzero(of_row == index)
            served = self.control if index < 0 else self._served[index]
            part = ask(served, places.tolist())
            raw[places] = part.raw
            errors.update(part.errors)
            for feature, times in part.unseen.items():
                unseen[feature] = unseen.get(feature, 0) + times
        every = (*self._served, self.control)
        shares = Shares(of_row, tuple(each.reading for each in every), tuple(each.number for each in every), (*self._names, None))
        return Predictions(raw, self.reading, self.number, errors=dict(sorted(errors.items())), unseen=unseen, shares=shares).failing(
            keyless
        )

    def _assigned_rows(self, keys: Sequence[object], *, null_errors: bool) -> tuple[NDArray[np.int16], dict[int, PrisMLError]]:
        """The index of each row's variant, and the errors of rows whose key is none: they are to have no prediction."""
        try:
            return self.indices(keys), {}
        except EncodingError:
            if not null_errors:
                raise
        found = np.full(len(keys), -1, dtype=np.int16)
        failed: dict[int, PrisMLError] = {}
        for row, key in enumerate(keys):
            try:
                found[row] = self.indices([key])[0]
            except EncodingError as error:
                message = error.message.replace("row 0", f"row {row}", 1)
                failed[row] = EncodingError(message, {**error.context, "row": row}, error.suggestions)
        return found, failed


_EVERYBODY = Experiment("", "", datetime(1970, 1, 1, tzinfo=UTC), (Variant(CONTROL, 0, 1.0, ((0, BUCKETS),)),))


def _load(
    registry: Registry, name: str, number: int, definition: ModelDefinition[Any] | None, known: Served | None, on_drift: OnDrift
) -> Served:
    version = registry.version(name, number)
    # Another digest under the same number: the registry was made anew.
    if known is not None and known.digest == version.digest:
        return known
    return Served.from_registry(registry, version, definition=definition, on_drift=on_drift)
