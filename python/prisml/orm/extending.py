"""``extend``: sessions whose objects have their predictions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from sqlalchemy import event
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from prisml.definition.model import ModelDefinition, set_reader
from prisml.definition.place import Place
from prisml.errors import ConfigurationError, described
from prisml.orm import aio, find
from prisml.orm.accessor import Fields, Namespace, prediction_of
from prisml.orm.extension import Extension
from prisml.orm.options import OnError, checked_on_error
from prisml.orm.reads import Reads
from prisml.orm.watch import watch
from prisml.serving.loading import Place as RegistryPlace

Sessions = TypeVar("Sessions")

_DEFINITIONS = "Give what define_model returns, in a list: extend(sessions, [churn])."


def extend(
    sessions: Sessions,
    definitions: Sequence[ModelDefinition[Any]],
    *,
    registry: RegistryPlace | None = None,
    namespace: str = "_ml",
    on_error: OnError = "raise",
) -> Sessions:
    """``sessions`` itself, whose sessions understand ``with_ml``, and whose objects have ``definitions`` under ``namespace``.

    ``sessions``
        A ``sessionmaker``, an ``async_sessionmaker``, a ``scoped_session`` of one of them, or a class of sessions, sync or async.
    ``registry``
        As in ``prisml.load``. The active version of each model is loaded when it is first needed, and shared by all sessions.
    ``namespace``
        The attribute of the entities that leads to their predictions.
    ``on_error``
        ``"raise"``, or ``"null"`` for no prediction where a row fails; ``with_ml`` and ``attach`` may say otherwise.

    Raises ``DefinitionError`` where two definitions of one entity have the same output, or the entity has an attribute
    ``namespace`` already; ``ConfigurationError`` where the sessions are extended already.
    """
    checked_on_error(on_error)
    _check(definitions, namespace)
    session_class = _session_class(sessions)
    extension = Extension(definitions, registry=registry, namespace=namespace, on_error=on_error)
    find.remember(session_class, extension)
    for definition in definitions:
        _name_space(definition.entity, namespace)
        watch(definition, Reads.of(definition))
    # First, so that what another listener gives in place of the database's answer, as from a cache, is predicted too.
    event.listen(session_class, "do_orm_execute", extension.on_execute, insert=True)
    return sessions


def _check(definitions: object, namespace: object) -> None:
    if not isinstance(namespace, str) or not namespace.isidentifier():
        raise ConfigurationError("The namespace is no identifier.", {}, ['Leave it out, or write namespace="ml", say.'])
    if not isinstance(definitions, Sequence) or isinstance(definitions, str | bytes):
        raise ConfigurationError(f"extend was given {described(definitions)} as definitions.", {}, [_DEFINITIONS])
    for index, definition in enumerate(definitions):
        if not isinstance(definition, ModelDefinition):
            raise ConfigurationError(f"extend was given {described(definition)} as a definition.", {}, [_DEFINITIONS])
        place = Place(definition.entity.__name__, definition.output).of("the output")
        if hasattr(Fields, definition.output):
            raise place.error(f"has a name that {definition.entity.__name__}.{namespace} needs for itself", "Choose another name.")
        for other in definitions[:index]:
            related = issubclass(other.entity, definition.entity) or issubclass(definition.entity, other.entity)
            if related and other.output == definition.output:
                raise place.error(f"is that of another definition, of {other.entity.__name__}", "Give one of them another output.")
        if not isinstance(getattr(definition.entity, namespace, None), Namespace | property | None):
            raise place.error(f"cannot be reached: {namespace!r} is an attribute of the class already", 'Write namespace="ml", say.')


def _name_space(entity: type, namespace: str) -> None:
    if not isinstance(getattr(entity, namespace, None), Namespace):
        setattr(entity, namespace, Namespace(namespace))


def _session_class(sessions: object) -> type[Session]:
    """The class of the sync sessions that do the work, one that nobody else uses where ``sessions`` makes its own."""
    if isinstance(sessions, scoped_session):
        return _session_class(sessions.session_factory)
    if isinstance(sessions, sessionmaker):
        return sessions.class_
    if isinstance(sessions, type) and issubclass(sessions, Session):
        return sessions
    if aio.is_used() and (found := _async_session_class(sessions)) is not None:
        return found
    raise ConfigurationError(
        f"extend was given {described(sessions)}.", {}, ["Give a sessionmaker, an async_sessionmaker, or a class of sessions."]
    )


def _async_session_class(sessions: object) -> type[Session] | None:
    from sqlalchemy.ext.asyncio import AsyncSession, async_scoped_session, async_sessionmaker

    if isinstance(sessions, async_scoped_session):
        return _session_class(sessions.session_factory)
    if isinstance(sessions, async_sessionmaker):
        own = _own(sessions.kw.get("sync_session_class") or sessions.class_.sync_session_class)
        sessions.configure(sync_session_class=own)
        return own
    if isinstance(sessions, type) and issubclass(sessions, AsyncSession):
        sessions.sync_session_class = _own(sessions.sync_session_class)
        return sessions.sync_session_class
    return None


def _own(sync: Any) -> type[Session]:
    base = sync.class_ if isinstance(sync, sessionmaker) else sync
    return type(base.__name__, (base,), {})


set_reader(prediction_of)
