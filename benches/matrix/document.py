"""``allowed.json`` from what was found: the same outcomes give the same bytes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benches.matrix.cases import TASKS, closed, step_module
from benches.matrix.trial import Outcome
from prisml import training
from prisml.training.export.dense import FAMILIES, STEPS
from prisml.training.refusals import REFUSED, RULES

FILE = Path(training.__file__).with_name("allowed.json")
_FORMAT = 1


def document_of(outcomes: Iterable[Outcome], only: frozenset[str] | None = None) -> dict[str, Any]:
    """The document that offers what is exact; with ``only``, of these classes alone."""
    found = list(outcomes)
    steps = sorted({outcome.case.judged.name for outcome in found if outcome.case.judged.name in STEPS})
    estimators = sorted({outcome.case.judged.name for outcome in found} - set(steps))
    return {
        "format": _FORMAT,
        "written_by": "make matrix",
        "estimators": {name: tasks for name in estimators if (tasks := _tasks([each for each in found if each.case.judged.name == name]))},
        "steps": {name: offer for name in steps if (offer := _step([each for each in found if each.case.judged.name == name]))},
        "refused": {name: asdict(refusal) for name, refusal in sorted(REFUSED.items()) if only is None or name in only},
    }


def text_of(document: Mapping[str, Any]) -> str:
    """The document as it is stored."""
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def merged(stored: Mapping[str, Any], found: Mapping[str, Any], names: frozenset[str]) -> dict[str, Any]:
    """The stored document in which ``names`` are as they were ``found``."""
    result = dict(stored)
    for part in ("estimators", "steps", "refused"):
        kept = {name: entry for name, entry in stored[part].items() if name not in names}
        result[part] = {**kept, **{name: entry for name, entry in found[part].items() if name in names}}
    return result


def _tasks(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    tasks: dict[str, Any] = {}
    for task in TASKS:
        of_task = [outcome for outcome in outcomes if outcome.case.task == task]
        plain = [outcome for outcome in of_task if not outcome.case.judged.options]
        if not plain or not all(outcome.verdict == "exact" for outcome in plain):
            continue
        first = plain[0].case
        behind = first.judged.name in FAMILIES and FAMILIES[first.judged.name].behind
        alone = [outcome.case for outcome in plain if behind or not outcome.case.steps]
        offer: dict[str, Any] = {
            "module": first.judged.module,
            "categories": sorted({case.categories for case in alone}),
            "missing": sorted({"nan" if case.missing == "nan" else "filled" for case in alone}),
            "options": _options(of_task, first.judged.name, task),
        }
        if behind:
            offer["behind"] = True
        tasks[task] = offer
    return tasks


def _step(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    plain = [outcome for outcome in outcomes if not outcome.case.judged.options]
    if not plain or not all(outcome.verdict == "exact" for outcome in plain):
        return {}
    name = plain[0].case.judged.name
    return {"module": step_module(name), "options": _options(outcomes, name, None)}


def _options(outcomes: Sequence[Outcome], name: str, task: str | None) -> dict[str, Any]:
    """By option: of a closed one what was found of each value, of every one what a rule refuses."""
    options: dict[str, dict[str, list[Any]]] = {}
    for option in closed(name):
        entry = options.setdefault(option, {"exact": [], "inexact": [], "refused": []})
        values: dict[str, list[Outcome]] = {}
        for outcome in outcomes:
            for given, value in outcome.case.judged.options:
                if given == option:
                    values.setdefault(json.dumps(value), []).append(outcome)
        for written, tried in sorted(values.items()):
            verdicts = {outcome.verdict for outcome in tried}
            if verdicts == {"exact"}:
                entry["exact"].append(json.loads(written))
            elif "inexact" in verdicts:
                entry["inexact"].append(json.loads(written))
            else:
                refusal = next(outcome.refusal for outcome in tried if outcome.refusal is not None)
                entry["refused"].append({"value": json.loads(written), **asdict(refusal)})
        if not values:
            del options[option]
    for rule in RULES:
        if name in rule.classes and (task is None or task in rule.tasks):
            refused = options.setdefault(rule.option, {}).setdefault("refused", [])
            known = [each["value"] for each in refused]
            refused += [{"value": value, **asdict(rule.refusal)} for value in rule.values if value not in known]
    return {option: {kind: values for kind, values in entry.items() if values or kind == "exact"} for option, entry in options.items()}
