"""What the log means: which versions can be gone back to, and whether publishing is held."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from prisml.registry import Deployment
from prisml.registry.log import held, served_before


def log(*entries: tuple[str, int]) -> list[Deployment]:
    """The log of these actions and versions, newest first."""
    made: list[Deployment] = []
    for position, (action, version) in enumerate(entries, 1):
        before = made[-1].version if made else None
        made.append(Deployment("churn", position, datetime.now(UTC), "ann", action, None, before, version, None))
    return made[::-1]


@pytest.mark.parametrize(
    ("entries", "back"),
    [
        ([], ()),
        ([("publish", 1)], ()),
        ([("publish", 1), ("publish", 2)], (1,)),
        ([("publish", 1), ("activate", 2), ("promote", 3), ("import", 4)], (3, 2, 1)),
        ([("publish", 1), ("publish", 2), ("rollback", 1)], ()),
        ([("publish", 1), ("publish", 2), ("publish", 3), ("rollback", 2)], (1,)),
        ([("publish", 1), ("publish", 2), ("publish", 3), ("rollback", 1)], ()),
        ([("publish", 1), ("publish", 2), ("rollback", 1), ("publish", 3)], (1,)),
        ([("publish", 1), ("publish", 2), ("activate", 1)], (2,)),
        ([("publish", 1), ("publish", 2), ("activate", 1), ("rollback", 2)], (1,)),
        ([("publish", 1), ("publish", 2), ("activate", 1), ("publish", 3), ("rollback", 1)], (2,)),
        ([("publish", 1), ("publish", 2), ("rollback", 7)], (1,)),
        ([("publish", 1), ("rollback", 7)], ()),
        ([("publish", 1), ("publish", 2), ("start", 2), ("ramp", 2), ("stop", 2)], (1,)),
        ([("publish", 1), ("publish", 2), ("activate", 2), ("rollback", 2)], (1,)),
    ],
)
def test_what_can_be_gone_back_to(entries: list[tuple[str, int]], back: tuple[int, ...]):
    """The log is a stack: what is activated goes onto it, a rollback takes off what served after its target."""
    assert served_before(log(*entries)) == back


@pytest.mark.parametrize(
    ("entries", "holds"),
    [
        ([], False),
        ([("publish", 1), ("publish", 2)], False),
        ([("publish", 1), ("publish", 2), ("rollback", 1)], True),
        ([("publish", 1), ("publish", 2), ("rollback", 1), ("start", 1), ("stop", 1)], True),
        ([("publish", 1), ("publish", 2), ("rollback", 1), ("activate", 2)], False),
        ([("publish", 1), ("publish", 2), ("rollback", 1), ("start", 1), ("promote", 2)], False),
    ],
)
def test_a_rollback_holds_what_is_published_after_it(entries: list[tuple[str, int]], *, holds: bool):
    """Only the last move counts, and what an experiment did in between is none."""
    assert (held(log(*entries)) is not None) == holds
