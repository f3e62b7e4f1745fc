"""What a guard found, and the one error that tells of all that was found."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from prisml.definition.waivers import Guard, waiver, waives
from prisml.errors import LeakageError


@dataclass(frozen=True)
class Leak:
    """A sign that a feature (None: the definition as a whole) knows what it cannot know when it is to predict.

    ``what`` goes on from the feature's name, with the figure that was judged and never a value of the data; ``way_out`` is a sentence.
    """

    guard: Guard
    feature: str | None
    what: str
    way_out: str

    @property
    def waiver(self) -> str:
        """What waives this finding and no other."""
        return waiver(self.guard, self.feature)

    def waived(self, waivers: Collection[str]) -> bool:
        """Whether ``waivers`` hold this one, or its guard as a whole."""
        return waives(waivers, self.guard, self.feature)

    def __str__(self) -> str:
        subject = "" if self.feature is None else f"feature {self.feature!r} "
        return f"{self.guard}: {subject}{self.what}."


def refuse_leaks(leaks: Iterable[Leak], waivers: Collection[str], *, model: str) -> tuple[str, ...]:
    """The narrowest waiver of each of ``leaks`` that is waived; ``LeakageError`` that names all others, where there are any."""
    found = sorted(leaks, key=lambda leak: leak.waiver)
    refused = [leak for leak in found if not leak.waived(waivers)]
    if refused:
        raise _error(refused, model)
    return tuple(dict.fromkeys(leak.waiver for leak in found))


def _error(refused: list[Leak], model: str) -> LeakageError:
    signs = "there is a sign of leakage" if len(refused) == 1 else f"there are {len(refused)} signs of leakage"
    named = [leak.waiver for leak in refused]
    listed = ", ".join(f'"{name}"' for name in named)
    known = "it is" if len(refused) == 1 else "they are"
    return LeakageError(
        f"Model {model!r}: {signs}. {' '.join(map(str, refused))}",
        {"model": model, "leaks": tuple(named)},
        [*dict.fromkeys(leak.way_out for leak in refused), f"Where {known} no leak, say so in define_model: waive=[{listed}]."],
    )
