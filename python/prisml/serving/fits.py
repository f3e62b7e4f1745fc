"""Whether a foreign graph can be served at all: what it takes, what it gives, and that running it is bounded and repeatable."""

from __future__ import annotations

from prisml.errors import ModelLoadError
from prisml.manifest import Task
from prisml.serving.outline import FLOAT, NO_TENSOR, NotOnnxError, Outline, Port, read_outline

_LARGEST = 2**31 - 1
_DOMAINS = frozenset({"", "ai.onnx", "ai.onnx.ml"})
_UNBOUNDED = frozenset({"Loop", "Scan"})
_RANDOM = frozenset({"Bernoulli", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike"})
_ONE_INPUT = 'Convert it with one input, as in skl2onnx: initial_types=[("features", FloatTensorType([None, {columns}]))].'
_ONE_OUTPUT = (
    'Keep that output alone, as in skl2onnx: options={{"zipmap": False}}, final_types to name it, and then '
    'select_model_inputs_outputs(model, "{output}").'
)


def checked_graph(onnx: bytes, *, model: str, task: Task, inputs: int, classes: int) -> Outline:
    """The graph's outline; ``ModelLoadError`` with the way out where it cannot be served as this model."""
    if not 0 < len(onnx) <= _LARGEST:
        raise _unfit(model, "is empty, or larger than any ONNX file", "Give pathlib.Path(...).read_bytes().")
    try:
        outline = read_outline(onnx)
    except NotOnnxError:
        raise _unfit(model, "is no ONNX file", "Export the model to ONNX, and give the bytes of that file.") from None
    if outline.is_external:
        raise _unfit(
            model,
            "keeps tensors in another file",
            "Save it as one file: onnx.save_model(onnx.load(path), path, save_as_external_data=False).",
        )
    _check_operators(model, outline)
    _check_input(model, outline, inputs)
    _check_output(model, outline, "value" if task == "regression" else "probabilities", classes or 1)
    return outline


def _check_operators(model: str, outline: Outline) -> None:
    for domain, operator in sorted(outline.operators):
        if domain not in _DOMAINS:
            raise _unfit(
                model,
                f"has the operator {operator} of the domain {domain}, which is not ONNX's own",
                "Export it without optimisations of one runtime, and with its functions inlined (onnx.inliner.inline_local_functions).",
            )
        if operator in _UNBOUNDED:
            raise _unfit(model, f"has the operator {operator}, which may run for ever", "Export the model without loops.")
        if operator in _RANDOM:
            raise _unfit(model, f"has the operator {operator}, whose answers differ each time", "Export the model for inference.")


def _check_input(model: str, outline: Outline, columns: int) -> None:
    way_out = _ONE_INPUT.format(columns=columns)
    wanted = f'"features", a float32 matrix of {columns} columns, is expected'
    if len(outline.inputs) != 1:
        raise _unfit(model, f"has {len(outline.inputs)} inputs where one, {wanted}", way_out)
    (port,) = outline.inputs
    if port.name != "features":
        raise _unfit(model, f"has the input {port.name!r} where {wanted}", way_out)
    if port.element != FLOAT or (port.dims is not None and len(port.dims) != 2):
        raise _unfit(model, f"takes {_described(port)} where {wanted}", way_out)
    if port.dims is None or port.dims[1] not in (None, columns):
        found = "of no stated width" if port.dims is None else f"of {port.dims[1]} columns"
        raise _unfit(model, f"takes a matrix {found} where {wanted}", f"Give the graph the definition's {columns} features, in its order.")
    if port.dims[0] is not None:
        raise _unfit(model, f"takes batches of {port.dims[0]} rows and no other", f"Leave the first dimension free. {way_out}")


def _check_output(model: str, outline: Outline, name: str, columns: int) -> None:
    way_out = _ONE_OUTPUT.format(output=name)
    wanted = f'"{name}", a float32 matrix of {columns} columns, is expected'
    if any(port.element == NO_TENSOR for port in outline.outputs):
        raise _unfit(model, f"gives a list of mappings (ZipMap) where {wanted}", way_out)
    if [port.name for port in outline.outputs] != [name]:
        found = ", ".join(repr(port.name) for port in outline.outputs)
        raise _unfit(model, f"gives {found or 'nothing'} where only {wanted}", way_out)
    (port,) = outline.outputs
    # What is not said here, ONNX Runtime infers and the engine checks.
    if port.element not in (FLOAT, None) or (port.dims is not None and (len(port.dims) != 2 or port.dims[1] not in (None, columns))):
        raise _unfit(model, f"gives {_described(port)} where {wanted}", way_out)


def _described(port: Port) -> str:
    kind = "float32" if port.element == FLOAT else "another type than float32"
    if port.dims is None:
        return kind
    return f"{kind} of shape ({', '.join('n' if size is None else str(size) for size in port.dims)})"


def _unfit(model: str, what: str, way_out: str) -> ModelLoadError:
    return ModelLoadError(f"The graph for {model!r} {what}.", {"model": model}, [way_out])
