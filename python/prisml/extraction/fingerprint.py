"""What a process must agree on with a stored version: the columns its features read, its expressions' SQL, its resolvers' code.

The rule of a resolver's fingerprint. It covers the syntax tree of the function (without comments, formatting, docstrings and annotations),
the values of its defaults and of the variables it closes over, and by name each global it reads. Of the globals it also covers:

- functions defined in the same module, with all that they read in turn;
- constants by value: numbers, text, dates, patterns, Enum members, and tuples, lists, sets and mappings of them;
- Enum classes of the same module by their members.

Anything else a global may be (a module, a class, a function of another module, an object) counts by its name and type alone: its code
is not followed. What a function closes over or has as a default must be a constant or a function, or the fingerprint is refused. A
``version=`` replaces all of this.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from prisml.definition.features import Resolver
from prisml.definition.model import ModelDefinition
from prisml.errors import DefinitionError
from prisml.extraction.functions import describe_function
from prisml.extraction.source import UnreadableCodeError
from prisml.extraction.sql import describe_sql
from prisml.manifest import Fingerprints


def resolver_fingerprint(resolver: Resolver[Any]) -> str:
    """SHA-256, in hex, of a resolver's code, the type it gives and the columns it uses.

    Raises ``DefinitionError`` where the source cannot be read, or holds what has no fingerprint, and there is no ``version=``.
    """
    code: object = ["version", resolver.version]
    if resolver.version is None:
        try:
            code = describe_function(resolver.fn)
        except UnreadableCodeError as error:
            name = getattr(resolver.fn, "__qualname__", type(resolver.fn).__name__)
            message = f"The resolver {name} has no fingerprint: {error}."
            hint = 'Give it a version, and change that with the code: resolver(..., version="1").'
            raise DefinitionError(message, {"resolver": name}, [hint]) from None
    return _sha256([code, resolver.type.__qualname__, sorted(used.key for used in resolver.uses)])


def fingerprints_of(definition: ModelDefinition[Any]) -> Fingerprints:
    """What a version keeps of the definition it was trained with."""
    resolvers = {feature: resolver_fingerprint(resolver) for feature, resolver in definition.resolvers.items()}
    return Fingerprints(columns=columns_fingerprint(definition), expressions=expression_fingerprints(definition), resolvers=resolvers)


def expression_fingerprints(definition: ModelDefinition[Any]) -> dict[str, str]:
    """SHA-256, in hex, of the SQL of each feature that the database computes, with the constants in it, by the feature's name."""
    described: dict[str, list[object]] = {}
    for name, expression in definition.expressions.items():
        feature = name.removeprefix("@").partition(":")[0]
        described.setdefault(feature, []).extend(describe_sql(expression.sql))
    return {feature: _sha256(parts) for feature, parts in described.items()}


def columns_fingerprint(definition: ModelDefinition[Any]) -> str:
    """SHA-256, in hex, of what each input reads and how: name, kind, type, sources and transform, in order."""
    inputs = [
        [item.name, item.kind, item.origin, item.dtype, item.transform, [[list(source.path), source.dtype] for source in item.sources]]
        + ([] if item.zone is None else [item.zone])
        for item in definition.inputs
    ]
    return _sha256(inputs)


def _sha256(described: object) -> str:
    return hashlib.sha256(json.dumps(described, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()
