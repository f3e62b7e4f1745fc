"""What is said of a model or a version that the registry does not have."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING

from prisml.errors import ModelNotFoundError, VersionNotFoundError

if TYPE_CHECKING:
    from prisml.registry.versions import Version

_PUBLISH = "Or publish it with prisml train, or name another registry."


def unknown_model(name: str, place: str, names: Sequence[str]) -> ModelNotFoundError:
    """The error for a model that is not among ``names``, with what may have been meant."""
    if close := get_close_matches(name, names, n=1):
        ways_out = [f"Did you mean {close[0]!r}?", _PUBLISH]
    elif names:
        ways_out = [f"It has {', '.join(map(repr, names[:20]))}.", _PUBLISH]
    else:
        ways_out = ["It is empty: publish a model with prisml train, or name another registry."]
    return ModelNotFoundError(f"The registry {place} has no model {name!r}.", {"model": name, "registry": place}, ways_out)


def all_deleted(name: str, place: str) -> ModelNotFoundError:
    """The error for a model of which no version is left."""
    return ModelNotFoundError(
        f"Every version of {name!r} was deleted.", {"model": name, "registry": place}, ["Publish it again with prisml train."]
    )


def none_active(name: str, place: str, living: Sequence[Version]) -> ModelNotFoundError:
    """The error for a model that has versions, none of which was ever activated."""
    return ModelNotFoundError(
        f"No version of {name!r} is active.",
        {"model": name, "registry": place, "versions": tuple(version.number for version in living)},
        [f"Activate one, as in: prisml activate {name} {living[-1].number}."],
    )


def unknown_version(name: str, which: int | str, every: Sequence[Version]) -> VersionNotFoundError:
    """The error for a version that is not there, or not any more; ``every`` are the model's versions, deleted ones too."""
    living = [version for version in every if version.deleted_at is None]
    context = {"model": name, "version": which, "versions": tuple(version.number for version in living)}
    have = ", ".join(f"{each.number} ({each.label})" if each.label else str(each.number) for each in living[-20:])
    if isinstance(which, str):
        return VersionNotFoundError(f"No version of {name!r} has the label {which[:100]!r}.", context, [f"It has {have}."])
    for version in every:
        if version.number == which and version.deleted_at is not None:
            return VersionNotFoundError(
                f"{name!r} version {which} was deleted.", context, [f"It has {have}. Publishing the same artifact again brings it back."]
            )
    return VersionNotFoundError(f"{name!r} has no version {which}.", context, [f"It has {have}."])
