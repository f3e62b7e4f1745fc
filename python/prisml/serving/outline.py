"""What an ONNX file says of itself, read from its bytes alone: who made it, what it takes and gives, and which operators it has.

ONNX Runtime would look for external data beside the working directory, and run a loop that never ends. This is looked at before it is
given the file; the onnx package, which is not there in production, is not needed for it.

Source of the field numbers: onnx.proto, https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

FLOAT = 1
NO_TENSOR = -1
_DEEPEST = 32
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
Message = memoryview


class NotOnnxError(ValueError):
    """The bytes are no ONNX file."""


@dataclass(frozen=True)
class Port:
    """An input or output of the graph: its element's type, ``NO_TENSOR`` for a list or mapping, None where it is not said.

    ``dims`` are None where none are said, and one of them is None where it is free.
    """

    name: str
    element: int | None
    dims: tuple[int | None, ...] | None


@dataclass(frozen=True)
class Outline:
    """What a file says of itself; operators as (domain, name), those inside branches and functions too."""

    producer: str
    producer_version: str
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    operators: frozenset[tuple[str, str]]
    is_external: bool


def read_outline(onnx: bytes) -> Outline:
    """The outline of the file; ``NotOnnxError`` where the bytes are none."""
    model = memoryview(onnx)
    graphs = list(_messages(model, 7))
    if len(graphs) != 1:
        raise NotOnnxError
    (graph,) = graphs
    operators: set[tuple[str, str]] = set()
    is_external = _walk_graph(graph, operators, 0)
    for function in _messages(model, 25):
        for node in _messages(function, 1, 7):
            is_external |= _walk_node(node, operators, 1)
    constants = {_text(tensor, 8) for tensor in _messages(graph, 5)}
    inputs = tuple(port for port in map(_port, _messages(graph, 11)) if port.name not in constants)
    outputs = tuple(map(_port, _messages(graph, 12)))
    return Outline(_text(model, 2), _text(model, 3), inputs, outputs, frozenset(operators), is_external)


def _walk_graph(graph: Message, operators: set[tuple[str, str]], depth: int) -> bool:
    """Collect the graph's operators; whether any of its tensors is in another file."""
    if depth > _DEEPEST:
        raise NotOnnxError
    is_external = any(_is_external(tensor) for tensor in _messages(graph, 5))
    for sparse in _messages(graph, 15):
        is_external |= any(_is_external(tensor) for tensor in _messages(sparse, 1, 2))
    for node in _messages(graph, 1):
        is_external |= _walk_node(node, operators, depth)
    return is_external


def _walk_node(node: Message, operators: set[tuple[str, str]], depth: int) -> bool:
    operators.add((_text(node, 7), _text(node, 4)))
    is_external = False
    for attribute in _messages(node, 5):
        is_external |= any(_is_external(tensor) for tensor in _messages(attribute, 5, 10))
        for sparse in _messages(attribute, 22, 23):
            is_external |= any(_is_external(tensor) for tensor in _messages(sparse, 1, 2))
        for graph in _messages(attribute, 6, 11):
            is_external |= _walk_graph(graph, operators, depth + 1)
    return is_external


def _is_external(tensor: Message) -> bool:
    return any(field == 13 or (field == 14 and value == 1) for field, value in _fields(tensor))


def _port(info: Message) -> Port:
    name = _text(info, 1)
    for kind in _messages(info, 2):
        for field, tensor in _fields(kind):
            if field == 1 and isinstance(tensor, memoryview):
                element = next((value for part, value in _fields(tensor) if part == 1 and isinstance(value, int)), None)
                shapes = list(_messages(tensor, 2))
                return Port(name, element or None, tuple(map(_dim, _messages(shapes[0], 1))) if shapes else None)
            if isinstance(tensor, memoryview) and field != 6:
                return Port(name, NO_TENSOR, None)
    return Port(name, None, None)


def _dim(dimension: Message) -> int | None:
    return next((value for field, value in _fields(dimension) if field == 1 and isinstance(value, int)), None)


def _text(message: Message, field: int) -> str:
    found = list(_messages(message, field))
    try:
        return bytes(found[-1]).decode() if found else ""
    except UnicodeDecodeError:
        raise NotOnnxError from None


def _messages(message: Message, *wanted: int) -> Iterator[Message]:
    """The parts of the message under those field numbers."""
    return (value for field, value in _fields(message) if field in wanted and isinstance(value, memoryview))


def _fields(message: Message) -> Iterator[tuple[int, int | Message]]:
    """Each field of a protobuf message: its number and its value, where that is a number or a part."""
    place = 0
    while place < len(message):
        key, place = _varint(message, place)
        kind = key & 7
        if kind == _VARINT:
            value, place = _varint(message, place)
            yield key >> 3, value
        elif kind == _BYTES:
            size, place = _varint(message, place)
            if size > len(message) - place:
                raise NotOnnxError
            yield key >> 3, message[place : place + size]
            place += size
        elif kind in (_FIXED32, _FIXED64):
            place += 4 if kind == _FIXED32 else 8
        else:
            raise NotOnnxError


def _varint(message: Message, place: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if place >= len(message):
            break
        byte = message[place]
        value |= (byte & 0x7F) << shift
        place += 1
        if byte < 0x80:
            return value, place
    raise NotOnnxError
