"""An extension: the definitions that the objects of some sessions are predicted with, and their engines."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Result
from sqlalchemy.orm import ORMExecuteState, Session, object_session

from prisml.definition.model import ModelDefinition
from prisml.errors import ConfigurationError, FeatureExtractionError
from prisml.orm import attached, find
from prisml.orm.aio import in_thread, is_async
from prisml.orm.attached import Attached, Batch
from prisml.orm.loading import load_missing
from prisml.orm.models import choose
from prisml.orm.options import Model, OnError, WithML
from prisml.orm.peers import Peers
from prisml.orm.predicting import is_readable, predict_rows
from prisml.orm.reads import Reads
from prisml.orm.results import predicted
from prisml.orm.walk import Found, Walk
from prisml.serving.engine import Engine


class Extension:
    """What ``extend`` adds to sessions. Its engines are opened when they are first needed, and shared by all of them."""

    def __init__(self, definitions: Sequence[ModelDefinition[Any]], *, registry: Any, namespace: str, on_error: OnError) -> None:
        self.definitions = tuple(definitions)
        self.namespace = namespace
        self._on_error: OnError = on_error
        self.registry = registry
        self._engines: dict[ModelDefinition[Any], Engine] = {}
        self._reads = {definition: Reads.of(definition) for definition in self.definitions}
        self._walk = Walk(self.definitions)
        self._outputs: dict[type, Mapping[str, ModelDefinition[Any]]] = {}
        self._peers = Peers()
        for definition in self.definitions:
            attached.make_place(definition)

    def outputs_of(self, cls: type) -> Mapping[str, ModelDefinition[Any]]:
        """The definitions that predict objects of ``cls``, those of its bases among them, by their outputs."""
        found = self._outputs.get(cls)
        if found is None:
            found = self._outputs[cls] = {definition.output: definition for definition in self._walk.definitions_of(cls)}
        return found

    def preload(self) -> dict[str, Engine]:
        """The engine of each model, by the model's name; those that are not open yet are opened."""
        return {definition.name: self._engine(definition, None) for definition in self.definitions}

    def unload(self) -> None:
        """Close the engines; what needs one again opens it again."""
        while self._engines:
            self._engines.popitem()[1].close()

    def attached(self, row: object, definition: ModelDefinition[Any]) -> Attached:
        """What is attached to ``row``; where nothing is, it and its peers in the session are predicted now, in one batch."""
        found = attached.get(row, definition)
        if found is not None:
            return found
        session, reads = object_session(row), self._reads[definition]
        rows = self._peers.of(row, session, definition.entity, lambda peer: attached.get(peer, definition) is None)
        if session is not None and is_async(session):
            self._refuse_io(row, definition)
            rows = [peer for peer in rows if is_readable(peer, reads)]
        # A peer that fails must not stand in the way of the object that was touched.
        return self._predict(session, {definition: rows}, {definition: "null"}, self._on_error)[definition], 0

    def attach(self, session: Session, rows: Sequence[object], models: Sequence[Model], on_error: OnError | None) -> None:
        """Predict ``rows`` anew and attach what comes of it."""
        wanted = frozenset(choose(self.definitions, models))
        found: Found = {}
        for row in {id(row): row for row in rows}.values():
            mine = self.outputs_of(type(row))
            if not mine:
                raise find.not_served(f"{type(row).__name__}._ml", type(row))
            for definition in mine.values():
                if definition in wanted:
                    found.setdefault(definition, []).append(row)
        mode = on_error or self._on_error
        self._predict(session, found, dict.fromkeys(found, mode), mode)

    def on_execute(self, state: ORMExecuteState) -> Result[Any] | None:
        """The listener of ``do_orm_execute``: a statement with ``with_ml`` gives objects that have their predictions."""
        options = [option for option in state.user_defined_options if isinstance(option, WithML)]
        if not options or state.is_column_load or state.is_relationship_load or find.extension_for(state.session) is not self:
            return None
        modes: dict[ModelDefinition[Any], OnError] = {}
        for option in options:
            modes.update(dict.fromkeys(choose(self.definitions, option.models), option.on_error or self._on_error))
        result: Result[Any] = state.invoke_statement()
        given = state.execution_options
        # What AsyncSession.execute gives is read outside of its greenlet, where nothing can be loaded any more.
        now = is_async(state.session) and not given.get("stream_results")
        predicted(result, partial(self._predict_found, state.session, modes), yield_per=given.get("yield_per"), now=now)
        return result

    def _predict_found(self, session: Session, modes: Mapping[ModelDefinition[Any], OnError], rows: Sequence[object]) -> None:
        found = {definition: objects for definition, objects in self._walk.find(rows).items() if definition in modes}
        self._predict(session, found, modes, None)

    def _predict(
        self, session: Session | None, found: Found, modes: Mapping[ModelDefinition[Any], OnError], shown: OnError | None
    ) -> dict[ModelDefinition[Any], Batch]:
        """Load what is lacking, predict, and attach: each step for all definitions before the next, since loading drops predictions."""
        lacking = {definition: self._complete(session, definition, rows) for definition, rows in found.items()}
        batches: dict[ModelDefinition[Any], Batch] = {}
        for definition, rows in found.items():
            engine = self._engine(definition, in_thread if session is not None and is_async(session) else None)
            predictions, errors = predict_rows(engine, definition, self._reads[definition], rows, lacking[definition])
            if errors and modes[definition] == "raise":
                raise errors[min(errors)]
            null = (shown or modes[definition]) == "null"
            batches[definition] = Batch(self, rows, predictions, errors, null=null, related=tuple(self._reads[definition].related))
        for definition, batch in batches.items():
            attached.put(definition, batch)
        return batches

    def _complete(self, session: Session | None, definition: ModelDefinition[Any], rows: Sequence[object]) -> list[int]:
        """Load what the rows lack; the indices of those that still lack something."""
        reads = self._reads[definition]
        if reads.are_all_loaded(rows):
            return []
        lacking = [index for index, row in enumerate(rows) if not is_readable(row, reads)]
        mine = [rows[index] for index in lacking if session is not None and object_session(rows[index]) is session]
        if session is not None and mine:
            load_missing(session, definition, reads, mine)
        return [index for index in lacking if not is_readable(rows[index], reads)]

    def _engine(self, definition: ModelDefinition[Any], run: Callable[[Callable[[], Engine]], Engine] | None) -> Engine:
        engine = self._engines.get(definition)
        if engine is None:
            load = partial(definition.load, registry=self.registry)
            # Not a lock, which a forked child may inherit locked: two threads may both load, and one of the engines is kept.
            engine = self._engines.setdefault(definition, load() if run is None else run(load))
        return engine

    def _refuse_io(self, row: object, definition: ModelDefinition[Any]) -> None:
        """In an async session a touch of an attribute must not wait for a database."""
        entity = type(row).__name__
        ways = ["Load it with options(with_ml()), or await attach(session, objects) first."]
        context = {"model": definition.name, "entity": entity}
        if definition.expressions:
            message = (
                f"Model {definition.name!r}: the database computes a part of what it reads of this {entity}, and the session is async."
            )
            raise FeatureExtractionError(message, context, ways)
        if not is_readable(row, self._reads[definition]):
            message = f"Model {definition.name!r}: what it reads of this {entity} is not loaded, and the session is async."
            raise FeatureExtractionError(message, context, ways)
        if definition not in self._engines:
            message = f"Model {definition.name!r} was not opened yet, and the session of this {entity} is async."
            raise ConfigurationError(message, context, ways)
