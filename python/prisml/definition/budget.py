"""How long a search for an algorithm may take."""

from __future__ import annotations

import math

from prisml.definition.algorithms import AUTO, Learner
from prisml.definition.place import Place
from prisml.errors import described

DEFAULT_SECONDS = 60.0
"""How long ``algorithm="auto"`` looks where nothing else is said."""


def check_time_budget(place: Place, algorithm: Learner, given: object) -> float | None:
    """The seconds that a search may take; None where nothing is searched for, and nothing may be said of it."""
    here = place.of("time_budget")
    if algorithm != AUTO:
        if given is not None:
            raise here.error("is given, and nothing is searched for", 'Leave it out, or write algorithm="auto".')
        return None
    if given is None:
        return DEFAULT_SECONDS
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise here.error(f"is {described(given)}", "Give seconds: time_budget=60.")
    if not math.isfinite(given) or given <= 0:
        raise here.error("is no number of seconds above 0", "Give seconds: time_budget=60.")
    return float(given)
