"""``customer._ml``: the predictions of one object, by the names of the definitions' outputs."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, overload

from prisml.definition.model import ModelDefinition
from prisml.errors import PrisMLError
from prisml.orm import attached
from prisml.orm.attached import Attached
from prisml.orm.find import extension_of
from prisml.serving.prediction import Prediction

if TYPE_CHECKING:
    from prisml.orm.extension import Extension


class Fields:
    """The predictions of one object: ``fields.churn_probability`` is the value, ``fields["churn_probability"]`` the ``Prediction``.

    What is not attached to the object yet is predicted at the first touch, for all objects of its class in the session at once.
    """

    __slots__ = ("_extension", "_row")

    def __init__(self, row: object, extension: Extension) -> None:
        self._row = row
        self._extension = extension

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name].value
        except KeyError as missing:
            raise AttributeError(missing.args[0]) from None

    def __getitem__(self, name: str) -> Prediction:
        outputs = self._extension.outputs_of(type(self._row))
        definition = outputs.get(name)
        if definition is None:
            raise KeyError(f"No model predicts {name!r} of {type(self._row).__name__}. Known are: {', '.join(outputs)}.")
        batch, place = self._extension.attached(self._row, definition)
        return batch.prediction(place)

    @property
    def errors(self) -> Mapping[str, PrisMLError]:
        """Why there is no prediction, by output, of those that were tried. Predicts nothing itself."""
        errors: dict[str, PrisMLError] = {}
        for name, definition in self._extension.outputs_of(type(self._row)).items():
            found = attached.get(self._row, definition)
            error = None if found is None else found[0].error(found[1])
            if error is not None:
                errors[name] = error
        return MappingProxyType(errors)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._extension.outputs_of(type(self._row))]

    def __repr__(self) -> str:
        cls = type(self._row)
        return f"<predictions of {cls.__name__}: {', '.join(self._extension.outputs_of(cls))}>"


class Namespace:
    """The attribute of an entity under which its predictions stand."""

    def __init__(self, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, row: None, owner: type) -> Namespace: ...
    @overload
    def __get__(self, row: object, owner: type) -> Fields: ...
    def __get__(self, row: object | None, owner: type) -> Namespace | Fields:
        if row is None:
            return self
        for extension in attached.extensions(row):
            if extension.namespace == self.name:
                return Fields(row, extension)
        return Fields(row, extension_of(row, self._serves, f"{owner.__name__}.{self.name}"))

    def _serves(self, extension: Extension, cls: type) -> bool:
        return extension.namespace == self.name and bool(extension.outputs_of(cls))


class Predicted:
    """A base for mapped classes that tells type checkers of ``_ml``. It has nothing at run time: no column, no annotation.

    ``class Customer(Predicted, Base): ...``
    """

    __slots__ = ()

    if TYPE_CHECKING:

        @property
        def _ml(self) -> Fields: ...


def prediction_of(definition: ModelDefinition[Any], row: object) -> Prediction:
    """What ``definition.of(row)`` gives."""
    batch, place = attached.get(row, definition) or _made(definition, row)
    return batch.prediction(place)


def _made(definition: ModelDefinition[Any], row: object) -> Attached:
    def serves(extension: Extension, cls: type) -> bool:
        return extension.outputs_of(cls).get(definition.output) is definition

    return extension_of(row, serves, f"{definition.entity.__name__}.{definition.output}").attached(row, definition)
