"""What SQL computes for the rows of a prediction: one statement for each ``CHUNK`` of them, through the session that holds them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import InstanceState, Session
from sqlalchemy.util.concurrency import in_greenlet

from prisml.definition.model import ModelDefinition
from prisml.errors import EncodingError, FeatureExtractionError, PrisMLError
from prisml.extraction.statement import KEYS, expression_statement
from prisml.extraction.zone import in_utc
from prisml.serving.streams import bind_arguments, refuse_cut_stream

CHUNK = 500
Values = Sequence[object]
_ABSENT = object()


class Expressions:
    """The features of a definition that the database computes. The statement is made once."""

    def __init__(self, definition: ModelDefinition[Any]) -> None:
        self._definition = definition
        self._names = tuple(definition.expressions)
        # Made now, and not when it is first needed: threads and forked children find it there.
        self._statement = expression_statement(definition)

    def values(
        self, rows: Sequence[object], moment: datetime, *, null_errors: bool, first_row: int = 0
    ) -> tuple[dict[str, list[object]], dict[int, PrisMLError]]:
        """The values of each feature for ``rows``, seen at ``moment``, and the errors of rows that have none.

        Objects of a session are asked for through it; any other row gives the values itself, by the features' names. Where no row is
        in a session, nothing is computed.
        """
        states = [self._state(row) for row in rows]
        if not any(state is not None for state in states):
            return self._given(rows), {}
        self._flush(states)
        found: list[Values | PrisMLError | None] = [None] * len(rows)
        for (session, _), places in _by_database(states).items():
            self._ask(session, rows[places[0]], places, states, moment, found)
        for place, row in enumerate(rows):
            if states[place] is None:
                found[place] = self._of_row(row, place + first_row)
        errors = {place: value for place, value in enumerate(found) if isinstance(value, PrisMLError)}
        if errors and not null_errors:
            raise errors[min(errors)]
        nothing = (None,) * len(self._names)
        kept = [nothing if value is None or isinstance(value, PrisMLError) else value for value in found]
        return {name: list(column) for name, column in zip(self._names, zip(*kept, strict=True), strict=True)}, errors

    def _flush(self, states: Iterable[InstanceState[Any] | None]) -> None:
        """Write the changes that wait, as a session does before any query: in the user's own time zone, before that is changed."""
        for session, state in {state.session: state for state in states if state is not None}.items():
            if session is None:
                continue
            if session.get_bind(**bind_arguments(session, state.obj())).dialect.is_async and not in_greenlet():
                raise self._asynchronous()
            if session.autoflush:
                session.flush()

    def _state(self, row: object) -> InstanceState[Any] | None:
        """The state of an object that its session can be asked about; None for any other row."""
        state = getattr(row, "__dict__", {}).get("_sa_instance_state")
        if state is None or not isinstance(row, self._definition.entity) or state.key is None or state.session is None:
            return None
        found: InstanceState[Any] = state
        return found

    def _ask(
        self,
        session: Session,
        first: object,
        places: list[int],
        states: Sequence[InstanceState[Any] | None],
        moment: datetime,
        found: list[Values | PrisMLError | None],
    ) -> None:
        statement, size = self._statement, len(self._statement.keys)
        for start in range(0, len(places), CHUNK):
            chunk = places[start : start + CHUNK]
            identities = [_identity(states[place]) for place in chunk]
            keys = [identity[0] for identity in identities] if size == 1 else identities
            values = self._rows(session, first, {KEYS: keys, **statement.parameters(moment)})
            for place, identity in zip(chunk, identities, strict=True):
                found[place] = values.get(identity) or self._gone(place, identity)

    def _rows(self, session: Session, row: object, parameters: Mapping[str, Any]) -> dict[tuple[object, ...], Values]:
        size = len(self._statement.keys)
        # On the connection, as in training: what a session adds to its own queries would give other values.
        connection = session.connection(bind_arguments=bind_arguments(session, row))
        refuse_cut_stream(connection, self._definition.name)
        with in_utc(connection):
            rows = connection.execute(self._statement.select, parameters).all()
        return {tuple(row[:size]): row[size:] for row in rows}

    def _given(self, rows: Sequence[object]) -> dict[str, list[object]]:
        """The values of transforms' sources that rows of the database bring along, whose names no attribute can have."""
        sources = [name for name in self._names if name.startswith("@")]
        if not sources or not all(isinstance(row, Mapping) and sources[0] in row for row in rows):
            return {}
        return {name: [row[name] for row in rows if isinstance(row, Mapping)] for name in sources}

    def _of_row(self, row: object, index: int) -> Values | PrisMLError:
        """What a row beside objects of a session gives itself."""
        values = [row.get(name, _ABSENT) if isinstance(row, Mapping) else getattr(row, name, _ABSENT) for name in self._names]
        absent = [name.removeprefix("@") for name, value in zip(self._names, values, strict=True) if value is _ABSENT]
        if not absent:
            return values
        keys = ", ".join(map(repr, absent))
        return EncodingError(
            f"Feature {absent[0]!r}, row {index}: the row has no {keys}, which SQL computes for objects of a session.",
            {"feature": absent[0], "row": index, "missing": absent},
            [ask_session(absent[0])],
        )

    def _gone(self, place: int, identity: tuple[object, ...]) -> PrisMLError:
        name = self._names[0].removeprefix("@")
        return FeatureExtractionError(
            f"Feature {name!r}, row {place}: the database has no row of {self._definition.entity.__name__} any more for it.",
            {"feature": name, "row": place, "key": identity},
            ["It was deleted, or a filter hides it: leave the object out."],
        )

    def _asynchronous(self) -> PrisMLError:
        name = self._names[0].removeprefix("@")
        return FeatureExtractionError(
            f"Feature {name!r} is computed by SQL, and the session of the rows is async.",
            {"feature": name, "model": self._definition.name},
            [
                "Load the objects with options(with_ml()), or await attach(session, objects).",
                "Or predict where the session may wait: await session.run_sync(lambda _: engine.predict_many(objects)).",
            ],
        )


def ask_session(feature: str) -> str:
    """What whoever has no session can do."""
    return f"{feature!r} is computed by SQL: predict an object of a session, or give each row the value under the key {feature!r}."


def _by_database(states: Sequence[InstanceState[Any] | None]) -> dict[tuple[Session, Any], list[int]]:
    """The places of the objects of each session, and of each of its shards."""
    found: dict[tuple[Session, Any], list[int]] = {}
    for place, state in enumerate(states):
        if state is not None and state.session is not None:
            found.setdefault((state.session, state.identity_token), []).append(place)
    return found


def _identity(state: InstanceState[Any] | None) -> tuple[object, ...]:
    return () if state is None or state.identity is None else tuple(state.identity)
