"""From a compiled function back to its place in the syntax tree of its file."""

from __future__ import annotations

import ast
import copy
import inspect
from collections.abc import Iterator
from types import CodeType

Node = ast.Lambda | ast.FunctionDef
Position = tuple[int | None, int | None, int | None, int | None]

# Above these stand the __future__ imports.
_FLAGS_OF_THE_CODE = 0xFFFF
_NO_PART_OF_THE_CODE = frozenset({"annotation", "returns", "ctx", "kind", "type_comment", "type_params"})


class UnreadableCodeError(Exception):
    """A function's code cannot be described; the message is the reason, to stand after a colon."""


def find_node(code: CodeType) -> Node:
    """The lambda or def that ``code`` was compiled from.

    Several may begin on one line: the right one is where the body's value stands in the file, which the compiler keeps for tracebacks,
    unless it was told not to (``-X no_debug_ranges``). In any case it is one that compiles to the same instructions: the file may have
    been changed since it was imported.
    """
    tree = _tree(code)
    candidates = [node for node in ast.walk(tree) if isinstance(node, ast.Lambda | ast.FunctionDef) and _may_be(node, code)]
    if len(candidates) > 1:
        candidates = _at_its_place(candidates, code) or candidates
    candidates = _alike(tree, candidates, code)
    if not candidates:
        raise UnreadableCodeError("its source is not what was imported")
    return candidates[0]


def describe_function_tree(node: Node) -> list[object]:
    """The function's tree as lists, without its defaults: what they are worth is described apart."""
    bare = copy.copy(node)
    bare.args = copy.copy(node.args)
    bare.args.defaults = []
    bare.args.kw_defaults = []
    return describe_tree(bare)


def describe_tree(node: ast.AST) -> list[object]:
    """The tree as lists: without positions, docstrings and annotations, and without what is empty, which differs between Pythons."""
    fields = []
    for name, value in ast.iter_fields(node):
        if name == "body" and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            fields.append([name, _described(_without_docstring(value))])
        elif name not in _NO_PART_OF_THE_CODE and value is not None and value != []:
            fields.append([name, _described(value)])
    return [type(node).__name__, fields]


def _described(value: object) -> object:
    if isinstance(value, ast.AST):
        return describe_tree(value)
    if isinstance(value, list):
        return [_described(item) for item in value]
    # repr keeps 1, 1.0, True and "1" apart.
    return repr(value)


def _without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    first = body[0]
    is_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    return body[1:] if is_docstring else body


def _tree(code: CodeType) -> ast.Module:
    try:
        lines, _ = inspect.findsource(code)
        return ast.parse("".join(lines))
    except (OSError, TypeError, IndexError):
        raise UnreadableCodeError("its source cannot be found") from None
    except (SyntaxError, ValueError):
        raise UnreadableCodeError("its source cannot be parsed") from None


def _may_be(node: Node, code: CodeType) -> bool:
    if isinstance(node, ast.Lambda):
        return code.co_name == "<lambda>" and node.lineno == code.co_firstlineno
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    return node.name == code.co_name and first == code.co_firstlineno


def _at_its_place(candidates: list[Node], code: CodeType) -> list[Node]:
    """The candidates whose body ends in a value that stands where the code's last instruction does."""
    ends = {position for position in code.co_positions() if None not in position}
    return [node for node in candidates if isinstance(node, ast.Lambda) and _position(node.body) in ends and _spans(node.body, ends)]


def _position(node: ast.expr) -> Position:
    return node.lineno, node.end_lineno, node.col_offset, node.end_col_offset


def _spans(body: ast.expr, positions: set[Position]) -> bool:
    """Whether all positions lie in the body: an outer lambda has the inner one's in it, and not the other way round."""
    start, end = (body.lineno, body.col_offset), (body.end_lineno, body.end_col_offset)
    # The first instruction stands for the whole function, in no columns.
    held = (position for position in positions if position[2] != position[3])
    return all(start <= (first, column) and (last, end_column) <= end for first, last, column, end_column in held)


def _alike(tree: ast.Module, candidates: list[Node], code: CodeType) -> list[Node]:
    """The candidates that compile to the instructions of ``code``, each told from the others by a line number of its own."""
    own = {1_000_000 + number: node for number, node in enumerate(candidates)}
    for line, node in own.items():
        # A function begins with its first decorator.
        for part in (node, *([] if isinstance(node, ast.Lambda) else node.decorator_list)):
            part.lineno = part.end_lineno = line
            part.end_col_offset = max(part.col_offset, part.end_col_offset or 0)
    compiled = {found.co_firstlineno: found for found in _inner(compile(tree, code.co_filename, "exec", dont_inherit=True))}
    return [node for line, node in own.items() if line in compiled and _same(compiled[line], code)]


def _inner(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _inner(constant)


def _same(one: CodeType, other: CodeType) -> bool:
    """Equal but for line numbers and the module's ``from __future__`` imports."""
    plain = ("co_code", "co_names", "co_varnames", "co_freevars", "co_cellvars", "co_argcount", "co_kwonlyargcount")
    if (one.co_flags ^ other.co_flags) & _FLAGS_OF_THE_CODE:
        return False
    if any(getattr(one, name) != getattr(other, name) for name in plain) or len(one.co_consts) != len(other.co_consts):
        return False
    for first, second in zip(one.co_consts, other.co_consts, strict=True):
        if isinstance(first, CodeType) and isinstance(second, CodeType):
            if not _same(first, second):
                return False
        elif _constant(first) != _constant(second):
            return False
    return True


def _constant(value: object) -> object:
    """What compares equal for equal constants of one type: a set that was read from a file has an order of its own."""
    if isinstance(value, tuple):
        return [_constant(item) for item in value]
    if isinstance(value, frozenset):
        return {repr(item) for item in value}
    return repr(value)
