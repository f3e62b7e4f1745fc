"""What training offers: ``allowed.json``, which the matrix writes (``make matrix``) and nobody by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from prisml.manifest import Task
from prisml.training.refusals import Refusal


@dataclass(frozen=True)
class Option:
    """The values of an option by what was found of them. A value that is in none of them was never tried.

    Where ``exact`` is None, every value may be given that is not refused.
    """

    exact: tuple[object, ...] | None = None
    inexact: tuple[object, ...] = ()
    refused: tuple[tuple[object, Refusal], ...] = ()


@dataclass(frozen=True)
class Offer:
    """A class for one task: how categories and missing numbers may reach it, and its options.

    ``behind`` says that it stands behind steps of a Pipeline alone.
    """

    module: str
    categories: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    behind: bool = False
    options: Mapping[str, Option] = field(default_factory=dict)


@dataclass(frozen=True)
class Offers:
    """Estimators by class and task, steps of Pipelines by class, and what is refused by name."""

    estimators: Mapping[str, Mapping[Task, Offer]]
    steps: Mapping[str, Offer]
    refused: Mapping[str, Refusal]


@cache
def offers() -> Offers:
    """What stands in the file."""
    return read(json.loads(files("prisml.training").joinpath("allowed.json").read_text(encoding="utf-8")))


def read(document: Mapping[str, Any]) -> Offers:
    """The offers of a document as the matrix writes it."""
    return Offers(
        estimators={name: {task: _offer(offer) for task, offer in tasks.items()} for name, tasks in document["estimators"].items()},
        steps={name: _offer(offer) for name, offer in document["steps"].items()},
        refused={name: Refusal(**refusal) for name, refusal in document["refused"].items()},
    )


def _offer(document: Mapping[str, Any]) -> Offer:
    return Offer(
        module=document["module"],
        categories=tuple(document.get("categories", ())),
        missing=tuple(document.get("missing", ())),
        behind=document.get("behind", False),
        options={name: _option(option) for name, option in document.get("options", {}).items()},
    )


def _option(document: Mapping[str, Any]) -> Option:
    refused = tuple((each["value"], Refusal(each["why"], each["instead"])) for each in document.get("refused", ()))
    exact = document.get("exact")
    return Option(None if exact is None else tuple(exact), tuple(document.get("inexact", ())), refused)
