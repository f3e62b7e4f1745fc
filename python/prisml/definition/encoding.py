"""How categories reach an estimator."""

from __future__ import annotations

from typing import Literal, get_args

from prisml.definition.algorithms import ALGORITHMS, AUTO, Learner, algorithm_of
from prisml.definition.given import is_word
from prisml.definition.place import Place, choose_from
from prisml.errors import quoted

Encoding = Literal["auto", "ordinal", "native"]
"""``"native"``: trees split on sets of categories. ``"ordinal"``: they compare codes by order. ``"auto"``: ordinal for trees; linear
models have a weight for each category."""


def check_encoding(place: Place, encoding: object, learner: Learner) -> Encoding:
    """The encoding; ``DefinitionError`` where the algorithm cannot learn from it."""
    here = place.of("encoding")
    known = get_args(Encoding)
    if not is_word(encoding, *known):
        raise here.error(f"is {quoted(encoding)}", choose_from(known, encoding if isinstance(encoding, str) else None))
    if learner == AUTO and encoding != "auto":
        raise here.error(
            f'is {quoted(encoding)}, and algorithm="auto" chooses the encoding itself', "Leave encoding out, or name an algorithm."
        )
    algorithm = algorithm_of(learner)
    name = learner if isinstance(learner, str) else type(learner).__name__
    if encoding == "native" and not (algorithm is not None and algorithm.native):
        able = ", ".join(each.name for each in ALGORITHMS.values() if each.native)
        raise here.error(f'is "native", and {name} does not split on categories as such', f"Use one of {able}, or leave encoding out.")
    if encoding == "ordinal" and not (algorithm is not None and algorithm.trees):
        raise here.error(f'is "ordinal", and {name} would take codes for quantities', "Leave encoding out.")
    return encoding  # type: ignore[return-value]
