"""Which extension serves an object: the one that predicted it, or its session's, or else any that there is."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from sqlalchemy import inspect
from sqlalchemy.orm import InstanceState, Session, object_session

from prisml.errors import ConfigurationError, DefinitionError, with_article
from prisml.orm import attached

if TYPE_CHECKING:
    from prisml.orm.extension import Extension

Serves = Callable[["Extension", type], bool]

# An extension lives as long as the class of sessions that it listens to.
_of_sessions: WeakKeyDictionary[type[Session], Extension] = WeakKeyDictionary()
_living: WeakKeyDictionary[Extension, None] = WeakKeyDictionary()


def remember(session_class: type[Session], extension: Extension) -> None:
    """Note that sessions of this class are served by ``extension``; ``ConfigurationError`` where they are by another already."""
    if session_class in _of_sessions:
        raise ConfigurationError("These sessions are extended already.", {}, ["Give all definitions in one call of extend."])
    _of_sessions[session_class] = extension
    _living[extension] = None


def extension_for(session: Session) -> Extension | None:
    """The extension of the session's class, or of the nearest of its bases that has one."""
    return extension_of_class(type(session))


def extension_of_class(session_class: type[Session]) -> Extension | None:
    """The extension of a class of sessions, or of the nearest of its bases that has one."""
    return next((_of_sessions[cls] for cls in session_class.__mro__ if cls in _of_sessions), None)


def extension_of(row: object, serves: Serves, what: str) -> Extension:
    """The extension that serves ``row``; ``what`` says what was asked for, should none or several do."""
    cls = type(row)
    for extension in attached.extensions(row):
        if serves(extension, cls):
            return extension
    if not _is_mapped(row):
        raise DefinitionError(
            f"{what} was asked of {with_article(cls.__name__)}, which is no mapped object.", {}, ["Use engine.predict(row)."]
        )
    session = object_session(row)
    nearest = None if session is None else extension_for(session)
    if nearest is not None and serves(nearest, cls):
        return nearest
    if _differ(_any(serves, cls)):
        # A class of sessions that nobody has any more, and objects that are gone, may be all that keeps one of them.
        gc.collect()
        attached.sweep()
        gc.collect()
    others = _any(serves, cls)
    if not others:
        raise not_served(what, cls)
    if not _differ(others):
        return others[-1]
    message = f"Extensions with other registries serve {what}, and the object is in the session of none of them."
    raise ConfigurationError(message, {"entity": cls.__name__}, ["attach(session, objects) says which."])


def _is_mapped(row: object) -> bool:
    return isinstance(inspect(row, raiseerr=False), InstanceState)


def not_served(what: str, cls: type) -> ConfigurationError:
    """The refusal where no extension has a definition for ``cls``."""
    message = f"No extension serves {what} for {with_article(cls.__name__)}."
    return ConfigurationError(message, {"entity": cls.__name__}, ["extend(sessionmaker, [definition, ...]) makes one."])


def _any(serves: Serves, cls: type) -> list[Extension]:
    return [extension for extension in _living if serves(extension, cls)]


def _differ(extensions: list[Extension]) -> bool:
    return any(each.registry != extensions[0].registry for each in extensions)
