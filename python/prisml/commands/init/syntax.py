"""What the source of a module says of its classes: which of them SQLAlchemy maps, as far as can be told without importing it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

_BASES = frozenset({"DeclarativeBase", "DeclarativeBaseNoMeta", "AsyncAttrs"})
_MADE = frozenset({"declarative_base", "generate_base", "automap_base"})
_DECORATORS = frozenset({"mapped", "mapped_as_dataclass"})
_COLUMNS = frozenset({"mapped_column", "Column", "relationship"})
_SQLITE = "sqlite"
_FILLED_IN = frozenset("{}%<>*")
"""What stands in a text into which the program writes a name."""


@dataclass(frozen=True)
class Class:
    """A class of a module, by its source.

    ``is_base`` says that others inherit from it to be mapped, ``is_mapped`` that it says so itself; ``parents`` are the last names of its
    bases.
    """

    name: str
    line: int
    parents: frozenset[str]
    is_base: bool = False
    is_mapped: bool = False
    is_abstract: bool = False
    has_columns: bool = False


def read_classes(tree: ast.Module) -> list[Class]:
    """The classes at the top of the module, bases that a function made among them."""
    imperative = {_last(call.args[0]) for call in _calls(tree, "map_imperatively") if call.args}
    found = []
    for statement in tree.body:
        if isinstance(statement, ast.ClassDef):
            found.append(_class(statement, imperative))
        elif isinstance(statement, (ast.Assign, ast.AnnAssign)) and isinstance(statement.value, ast.Call):
            made = _last(statement.value.func)
            if made in _MADE or made == "SQLAlchemy":
                # What Flask-SQLAlchemy makes has the base as its attribute, db.Model.
                names = [_last(each) for each in (statement.targets if isinstance(statement, ast.Assign) else [statement.target])]
                found += [Class("Model" if made == "SQLAlchemy" else name, statement.lineno, frozenset(), is_base=True) for name in names]
    return found


def sqlite_urls(tree: ast.Module) -> Iterator[str]:
    """The URLs of SQLite files among the texts of the module; one that is put together when it runs is none."""
    parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in parts:
            scheme, separator, path = node.value.partition(":///")
            if separator and scheme.partition("+")[0] == _SQLITE and _is_file(path):
                yield f"{_SQLITE}:///{path}"


def _is_file(path: str) -> bool:
    """Whether the rest of a URL names a file as it stands."""
    return (
        bool(path) and path.isprintable() and not path.startswith((":", "file:")) and not path.endswith("/") and not _FILLED_IN & set(path)
    )


def _class(node: ast.ClassDef, imperative: set[str]) -> Class:
    parents = frozenset(map(_last, node.bases))
    assigned = dict(pair for statement in node.body for pair in _assigned(statement))
    is_table = any(word.arg == "table" and _is_true(word.value) for word in node.keywords)
    decorated = any(_last(each.func if isinstance(each, ast.Call) else each) in _DECORATORS for each in node.decorator_list)
    # A base may say how tables are called for all that inherit from it.
    is_base = bool(parents & _BASES)
    named = bool({"__tablename__", "__table__"} & assigned.keys()) and not is_base
    is_abstract = _is_true(assigned.get("__abstract__"))
    is_mapped = not is_abstract and ((named and bool(parents)) or is_table or decorated or node.name in imperative)
    return Class(node.name, node.lineno, parents, is_base, is_mapped, is_abstract, _has_columns(node))


def _has_columns(node: ast.ClassDef) -> bool:
    annotated = any(
        isinstance(each, ast.AnnAssign) and isinstance(each.annotation, ast.Subscript) and _last(each.annotation.value) == "Mapped"
        for each in node.body
    )
    return annotated or any(
        isinstance(each, (ast.Assign, ast.AnnAssign)) and isinstance(each.value, ast.Call) and _last(each.value.func) in _COLUMNS
        for each in node.body
    )


def _calls(tree: ast.Module, name: str) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call) and _last(node.func) == name)


def _assigned(statement: ast.stmt) -> Iterator[tuple[str, ast.expr | None]]:
    if isinstance(statement, ast.Assign):
        yield from ((_last(each), statement.value) for each in statement.targets)
    elif isinstance(statement, ast.AnnAssign):
        yield _last(statement.target), statement.value


def _is_true(value: ast.expr | None) -> bool:
    return isinstance(value, ast.Constant) and value.value is True


def _last(node: ast.expr) -> str:
    """The last part of a dotted name; nothing of anything else."""
    if isinstance(node, ast.Subscript):
        return _last(node.value)
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
