"""What methods of the registry are given, looked at before anything is stored: a wrong type in the log would keep it from being read."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from numbers import Integral
from os import PathLike
from typing import ParamSpec, TypeVar

from prisml.errors import ConfigurationError, described
from prisml.registry.bundle import Artifact
from prisml.registry.labels import UNCHANGED

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Kind:
    """The types that an argument may have, or the words; and what to give in place of another."""

    types: tuple[type, ...]
    way_out: str
    words: tuple[str, ...] = ()

    def holds(self, value: object) -> bool:
        """Whether the value is of one of the types, or one of the words; True and False are no numbers."""
        if isinstance(value, str) and value in self.words:
            return True
        return isinstance(value, self.types) and (bool in self.types or not isinstance(value, bool))


TEXT = Kind((str,), "Give a text.")
FLAG = Kind((bool,), "Give True or False.")
NUMBER = Kind((Integral,), "Give a whole number.")
VERSION = Kind((Integral, str), "Give the number of a version, or its label.")
SERVING = Kind((Integral, type(None)), 'Give the number of the version that shall serve until then, None for none, or "any".', ("any",))
MOMENT = Kind((datetime,), "Give a datetime; a naive one is UTC.")
PLACE = Kind((str, PathLike), "Give a path, as a text or a pathlib.Path.")
ARTIFACT = Kind((Artifact,), "Give an Artifact, as prisml.registry.read_bundle(folder) and registry.artifact(name) return it.")
MAPPING = Kind((Mapping,), "Give a mapping, as in {1: 0.9, 2: 0.1}.")


def takes(**kinds: Kind) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A method whose arguments of these names are of these kinds, or else ``ConfigurationError``; None where that is the default."""

    def decorate(method: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(method)
        optional = {name for name in kinds if signature.parameters[name].default in (None, UNCHANGED)}

        @functools.wraps(method)
        def checked(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                given = signature.bind(*args, **kwargs).arguments
            except TypeError:
                # Python says it better, where it calls the method itself.
                return method(*args, **kwargs)
            for name, kind in kinds.items():
                if name in given and not kind.holds(value := given[name]):
                    if name in optional and (value is None or value is UNCHANGED):
                        continue
                    raise ConfigurationError(
                        f"{method.__name__} was given {described(value)} as {name}.",
                        {"method": method.__name__, "argument": name, "type": type(value).__name__},
                        [kind.way_out],
                    )
            return method(*args, **kwargs)

        return checked

    return decorate
