"""The objects that are predicted together when one of them is touched."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy.orm import Session

LIMIT = 10_000
"""How many objects one touch predicts at most."""

_PER_TOUCH = 100


class Peers:
    """Finds the other objects of a session that lack a prediction, at a cost that stays small however the touches come."""

    def __init__(self) -> None:
        self._alone: WeakKeyDictionary[Session, dict[type, int]] = WeakKeyDictionary()

    def of(self, row: object, session: Session | None, entity: type[Any], lacks: Callable[[object], bool]) -> list[object]:
        """``row`` first, then its peers: objects of ``entity`` in the session, flushed or not as ``row`` is."""
        if session is None:
            return [row]
        alone = self._alone.setdefault(session, {})
        if alone.get(entity, 0) > 0:
            alone[entity] -= 1
            return [row]
        everyone: Iterable[object] = session.new if row in session.new else session.identity_map.values()
        others = (peer for peer in everyone if peer is not row and isinstance(peer, entity) and lacks(peer))
        rows = [row, *islice(others, LIMIT - 1)]
        if len(rows) == 1:
            # A loop that changes and then touches each object finds nobody every time: looking through n objects for each of n
            # touches would be quadratic, so that the next touches do not look.
            alone[entity] = len(session.identity_map) // _PER_TOUCH
        return rows
