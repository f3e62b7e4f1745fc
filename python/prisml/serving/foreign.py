"""Graphs that PrisML did not train: registered with golden rows in place of the parity gate, and served like any other version.

A foreign graph has no training data here, so nothing is taken for granted: it must give the expected output for every golden row in the
production engine, and where no golden row shows what it does with a missing value, a missing value is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from prisml.definition.model import ModelDefinition
from prisml.errors import ConfigurationError, DefinitionError
from prisml.extraction.fingerprint import fingerprints_of
from prisml.manifest import ClassLabel, Input, Manifest, Parity, Rows
from prisml.registry.bundle import Artifact
from prisml.registry.registry import Registry, Version
from prisml.serving.engine import Engine
from prisml.serving.fits import checked_graph
from prisml.serving.golden import Golden, checked_golden, never_missing, prove
from prisml.serving.outline import Outline

TOLERANCE = 1e-5


@dataclass(frozen=True)
class Categories:
    """The categories of a feature in the order of the codes that the graph was trained with: the first one is 0, the next 1.

    ``missing`` is the code for a missing value, the one after all others unless given. ``other`` is the code for a category that is not
    in the list; without one it is refused.
    """

    values: Sequence[str | int]
    missing: int | None = None
    other: int | None = None


def register(
    registry: Registry,
    definition: ModelDefinition[Any],
    onnx: bytes,
    golden: Golden,
    *,
    categories: Mapping[str, Sequence[str | int] | Categories] | None = None,
    classes: Sequence[ClassLabel] | None = None,
    tolerance: float = TOLERANCE,
    activate: bool = True,
    author: str | None = None,
    why: str | None = None,
    label: str | None = None,
    note: str | None = None,
    commit: str | None = None,
    force: bool = False,
) -> Version:
    """Publish a graph that was trained elsewhere as a version of ``definition``'s model.

    ``onnx`` takes "features", float32 of shape (n, features) in the order of the definition, and gives "probabilities" (n, classes) or
    "value" (n, 1). ``golden`` are pairs of a row, each feature under its own name, and the output it must give. ``categories`` has the
    codes of each feature that is a category; ``classes`` are in the order of the graph's columns, (False, True) unless given.

    ``ModelLoadError`` where the graph takes or gives something else, ``ParityError`` where it does not give what the golden rows
    expect; nothing is written then. The other arguments are those of ``Registry.publish``.
    """
    artifact = foreign_artifact(definition, onnx, golden, categories=categories, classes=classes, tolerance=tolerance)
    return registry.publish(artifact, activate=activate, author=author, why=why, label=label, note=note, commit=commit, force=force)


def foreign_artifact(
    definition: ModelDefinition[Any],
    onnx: bytes,
    golden: Golden,
    *,
    categories: Mapping[str, Sequence[str | int] | Categories] | None = None,
    classes: Sequence[ClassLabel] | None = None,
    tolerance: float = TOLERANCE,
) -> Artifact:
    """The artifact that ``register`` publishes, proved by its golden rows."""
    model, given = definition.name, dict(categories or {})
    known = {item.name for item in definition.inputs if item.kind == "category"}
    if odd := sorted(set(given) - known):
        raise _wrong(model, f"there are categories for {odd[0]!r}, which is no category of the definition", "Leave them out.", odd[0])
    _refuse_choices(definition, model)
    inputs = tuple(item if item.kind == "number" else _category(model, item, given.get(item.name)) for item in definition.inputs)
    ordered = _classes(definition, classes)
    outline = checked_graph(onnx, model=model, task=definition.task, inputs=len(inputs), classes=len(ordered))
    draft = _draft(definition, onnx, inputs, ordered, outline)
    rows = checked_golden(golden, draft)
    shown = {item.name: item.missing == "error" or not never_missing(rows, item.name) for item in inputs}
    inputs = tuple(_proved(item, is_shown=shown[item.name]) for item in inputs)
    draft = draft.model_copy(update={"inputs": inputs, "golden": rows})
    manifest = draft.model_copy(update={"parity": prove(onnx, draft, rows, tolerance=tolerance)})
    artifact = Artifact(manifest.to_json(), onnx)
    Engine.from_artifact(artifact, definition=definition)
    return artifact


def _refuse_choices(definition: ModelDefinition[Any], model: str) -> None:
    """What training would have to choose is not known of a graph that was trained elsewhere."""
    if definition.chooses:
        raise DefinitionError(
            f"Model {model!r} has a threshold to be chosen, or probabilities to be calibrated; its graph is trained already.",
            {"model": model},
            ["Give the threshold as a number, and leave calibrate= out: the graph gives calibrated probabilities where it is to."],
        )


def _draft(
    definition: ModelDefinition[Any], onnx: bytes, inputs: tuple[Input, ...], classes: tuple[ClassLabel, ...], outline: Outline
) -> Manifest:
    """The manifest before anything was proved; what only training knows is empty."""
    maker, release = outline.producer, outline.producer_version
    return Manifest(
        name=definition.name,
        entity=definition.entity.__name__,
        key=definition.key,
        output=definition.output,
        task=definition.task,
        classes=classes,
        threshold=definition.threshold if definition.task == "binary" else None,
        inputs=inputs,
        fingerprints=fingerprints_of(definition),
        estimator=maker or "foreign",
        parameters={},
        split={},
        seed=definition.seed,
        rows=Rows(extracted=0, dropped_null_label=0, train=0, test=0),
        metrics={},
        baseline={},
        parity=Parity(rows=0, edge_rows=0, max_difference=0.0, tolerance=0.0, label_flips=0, source="supplied"),
        libraries={maker: release} if maker and release else {},
        model_sha256=hashlib.sha256(onnx).hexdigest(),
    )


def _category(model: str, item: Input, given: Sequence[str | int] | Categories | None) -> Input:
    """The input with its codes, by the same rule as in training."""
    if given is None:
        hint = f'Give them in the order of their codes: categories={{"{item.name}": [...]}}.'
        raise _wrong(model, f"feature {item.name!r} is a category, and its categories are not given", hint, item.name)
    listed = given if isinstance(given, Categories) else Categories(tuple(given))
    values = tuple(listed.values)
    kind = int if item.dtype == "int" else str
    allowed = values if item.members is None else item.members
    if not values or len(set(values)) < len(values) or not all(type(value) is kind and value in allowed for value in values):
        what = "names of the enumeration's members" if item.members is not None else f"values of type {kind.__name__}"
        raise _wrong(model, f"the categories of {item.name!r} are not {what}, each once", "Give each category once.", item.name)
    missing = None if item.missing == "error" else _missing_code(model, item, listed)
    changes = {"categories": values, "missing_code": missing, "other_code": listed.other}
    return Input.model_validate({**dict(item), **changes})


def _missing_code(model: str, item: Input, listed: Categories) -> int:
    if listed.missing is not None:
        return listed.missing
    if item.imputation is None:
        return len(listed.values) if listed.other is None else max(len(listed.values), listed.other + 1)
    if item.imputation in listed.values:
        return list(listed.values).index(item.imputation)  # type: ignore[arg-type]
    hint = f'Say its code: categories={{"{item.name}": Categories([...], missing=0)}}.'
    raise _wrong(
        model, f"what stands for a missing {item.name!r} has no certain code in a graph that was trained elsewhere", hint, item.name
    )


def _proved(item: Input, *, is_shown: bool) -> Input:
    """The input with the rule for missing that the golden rows show to be right; what they do not show is refused."""
    if is_shown or item.missing_code in range(len(item.categories or ())):
        return item
    return item.model_copy(update={"missing": "error", "missing_code": None, "imputation": None})


def _classes(definition: ModelDefinition[Any], given: Sequence[ClassLabel] | None) -> tuple[ClassLabel, ...]:
    """The classes in the order of the graph's columns."""
    model, task, positive = definition.name, definition.task, definition.positive
    if task == "regression":
        if given:
            raise _wrong(model, "a regression has no classes", "Leave classes= out.")
        return ()
    if given is None and positive is True:
        return False, True
    if given is None:
        raise _wrong(model, "the classes are not given", "Give them in the order of the graph's columns: classes=[...].")
    classes = tuple(given)
    if len(classes) < 2 or len(set(classes)) < len(classes) or len({type(label) for label in classes}) > 1:
        raise _wrong(model, "the classes are not two or more, of one type, each once", "Give each class once.")
    if task == "binary" and (len(classes) != 2 or classes[1] != positive):
        hint = "Give (negative, positive), and let the graph's second column be the positive class's probability."
        raise _wrong(model, "the second of two classes is not the definition's positive one", hint)
    return classes


def _wrong(model: str, what: str, hint: str, feature: str | None = None) -> ConfigurationError:
    context = {"model": model} if feature is None else {"model": model, "feature": feature}
    return ConfigurationError(f"The graph cannot be registered as {model!r}: {what}.", context, [hint])
