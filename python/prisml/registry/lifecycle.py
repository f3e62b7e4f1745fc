"""The life of an experiment: start, ramp, stop, promote. Each is one entry of the log."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from prisml.errors import ExperimentError
from prisml.manifest import read_manifest
from prisml.registry.arguments import MAPPING, NUMBER, TEXT, takes
from prisml.registry.database import Database
from prisml.registry.experiments import Experiment, Variant, distribute, forced_texts, variant_name
from prisml.registry.log import By, Deployment, change, last_entry, read_log
from prisml.registry.moves import changing
from prisml.registry.rules import check_alike, check_name, check_salt, check_weights
from prisml.registry.transaction import Transaction
from prisml.registry.versions import Version, active_version, find_version, living_versions, manifest_text


class Experiments:
    """The experiments of every model of one registry; a model has one at a time.

    Weights map a version's number to its share of the keys. ``author`` is the user of this process unless given; ``why`` is kept in the
    log. What an experiment's rules forbid is an ``ExperimentError``.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    @takes(model=TEXT, weights=MAPPING, name=TEXT, salt=TEXT, forced=MAPPING, author=TEXT, why=TEXT)
    def start(
        self,
        model: str,
        weights: Mapping[int, float],
        *,
        name: str | None = None,
        salt: str | None = None,
        forced: Mapping[object, int] | None = None,
        author: str | None = None,
        why: str | None = None,
    ) -> Experiment:
        """Divide the keys between the active version, which is control, and others, as in ``start("churn", {1: 0.9, 2: 0.1})``.

        ``salt`` decides, with the key, which bucket a key falls into; it is random unless given. ``forced`` gives keys the version
        named, whatever their bucket.
        """
        check_weights(model, weights)
        check_name(model, name)
        check_salt(model, salt)
        with changing(self._database, model) as transaction:
            control = active_version(transaction, model).number
            running = _running(transaction, model)
            if running is not None:
                raise ExperimentError(
                    f"The experiment {running.name!r} of {model!r} runs already.",
                    {"model": model, "experiment": running.name},
                    ["Ramp, stop or promote it first: a model has one experiment at a time."],
                )
            _check_versions(transaction, model, weights, control)
            experiment = Experiment(
                _free_name(transaction, model, name),
                secrets.token_hex(8) if salt is None else salt,
                datetime.now(UTC),
                distribute(weights, control),
                _forced(model, forced or {}, weights, control),
            )
            change(transaction, model, control, "start", By(author, why), experiment=experiment)
            return experiment

    @takes(model=TEXT, weights=MAPPING, author=TEXT, why=TEXT)
    def ramp(self, model: str, weights: Mapping[int, float], *, author: str | None = None, why: str | None = None) -> Experiment:
        """Give the variants other weights, and add versions; only the keys move that must, and those that are forced stay forced."""
        check_weights(model, weights)
        with changing(self._database, model) as transaction:
            running = _must_run(transaction, model)
            missing = [variant.version for variant in running.variants if variant.version not in weights]
            if missing:
                raise ExperimentError(
                    f"The experiment {running.name!r} of {model!r} has version {missing[0]}, and the weights leave it out.",
                    {"model": model, "experiment": running.name, "version": missing[0]},
                    ["Give every variant a weight of at least 0.0001, or stop the experiment and start another."],
                )
            _check_versions(transaction, model, weights, running.control.version)
            ramped = replace(running, variants=distribute(weights, running.control.version, running.variants))
            change(transaction, model, running.control.version, "ramp", By(author, why), experiment=ramped)
            return ramped

    @takes(model=TEXT)
    def status(self, model: str) -> Experiment | None:
        """The experiment that runs, or None; ``ModelNotFoundError`` for an unknown model."""
        with self._database.reading() as transaction:
            living_versions(transaction, model)
            return _running(transaction, model)

    @takes(model=TEXT, author=TEXT, why=TEXT)
    def stop(self, model: str, *, author: str | None = None, why: str | None = None) -> Deployment:
        """End the experiment; control, which is active, serves everybody. The entry of the log."""
        with changing(self._database, model) as transaction:
            running = _must_run(transaction, model)
            return change(transaction, model, running.control.version, "stop", By(author, why))

    @takes(model=TEXT, version=NUMBER, author=TEXT, why=TEXT)
    def promote(self, model: str, version: int | None = None, *, author: str | None = None, why: str | None = None) -> Version:
        """End the experiment and let a treatment serve everybody: ``version``, or the only one there is."""
        with changing(self._database, model) as transaction:
            running = _must_run(transaction, model)
            winner = _treatment(model, running, version)
            change(transaction, model, winner.version, "promote", By(author, why))
            return find_version(transaction, model, winner.version)


def _running(transaction: Transaction, model: str) -> Experiment | None:
    last = last_entry(transaction, model)
    return None if last is None else last.experiment


def _must_run(transaction: Transaction, model: str) -> Experiment:
    running = _running(transaction, model)
    if running is None:
        raise ExperimentError(
            f"No experiment of {model!r} runs.", {"model": model}, [f"Start one first, as in: prisml experiment start {model} 1=0.9 2=0.1."]
        )
    return running


def _treatment(model: str, running: Experiment, version: int | None) -> Variant:
    numbers = [variant.version for variant in running.treatments]
    for variant in running.treatments:
        if variant.version == version or (version is None and len(numbers) == 1):
            return variant
    context = {"model": model, "experiment": running.name, "version": version, "treatments": tuple(numbers)}
    have = ", ".join(map(str, numbers))
    if version is None:
        message, way_out = f"The experiment {running.name!r} of {model!r} has several treatments.", f"Say which version to promote: {have}."
    elif version == running.control.version:
        message = f"Version {version} is the control of the experiment {running.name!r} of {model!r}, and active already."
        way_out = "Stop the experiment to keep it, or promote a treatment."
    else:
        message, way_out = f"The experiment {running.name!r} of {model!r} has no version {version}.", f"Its treatments are {have}."
    raise ExperimentError(message, context, [way_out])


def _check_versions(transaction: Transaction, model: str, weights: Mapping[int, float], control: int) -> None:
    """Raise where control has no weight, a version is not there, or one cannot stand in for control."""
    if control not in weights:
        raise ExperimentError(
            f"Version {control} of {model!r} is active, and the weights leave it out.",
            {"model": model, "version": control},
            ["Give it a weight too: the active version is the control."],
        )
    found = {number: find_version(transaction, model, number) for number in weights}
    manifests = {number: read_manifest(manifest_text(transaction, version)) for number, version in found.items()}
    for number, manifest in manifests.items():
        check_alike(model, number, manifest, manifests[control])


def _forced(model: str, forced: Mapping[object, int], weights: Mapping[int, float], control: int) -> dict[str, str]:
    """The name of the variant for the text of each key."""
    names: dict[str, str] = {}
    for text, version in forced_texts(forced):
        if text is None:
            raise ExperimentError(
                f"A forced key of {model!r} is None, which is no key.", {"model": model}, ["Leave it out: it gets control."]
            )
        if version not in weights:
            raise ExperimentError(
                f"A key of {model!r} is forced to version {version}, which has no weight.",
                {"model": model, "version": version},
                ["Force keys to versions of the experiment."],
            )
        if names.setdefault(text, variant_name(version, control)) != variant_name(version, control):
            raise ExperimentError(
                f"One key of {model!r} is forced to two versions.",
                {"model": model, "version": version},
                ["Keys of the same text, as 1 and '1', are one key."],
            )
    return names


def _free_name(transaction: Transaction, model: str, name: str | None) -> str:
    """``name``, or one that is made up; no experiment of the model ever had it."""
    entries = read_log(transaction, model)
    taken = {entry.experiment.name for entry in entries if entry.experiment is not None}
    if name is None:
        position = entries[0].position + 1
        while f"{model}-{position}" in taken:
            position += 1
        return f"{model}-{position}"
    if name in taken:
        raise ExperimentError(
            f"{model!r} has had an experiment {name!r}.",
            {"model": model, "experiment": name},
            ["Choose another name: the history keeps them apart by it."],
        )
    return name
