"""Versions, deployments and experiments as JSON objects."""

from __future__ import annotations

from prisml.registry.experiments import Experiment
from prisml.registry.log import Deployment
from prisml.registry.versions import Version
from prisml.serving.info import Info


def answer(**members: object) -> dict[str, object]:
    """The document of a command that did what was asked."""
    return {"ok": True, "exit_code": 0, **members}


def of_version(version: Version) -> dict[str, object]:
    """The version: what it is called, whether it serves, who published it when, and its metrics on the hold-out."""
    return {
        "name": version.name,
        "version": version.number,
        "label": version.label,
        "active": version.active,
        "digest": version.digest,
        "created_at": version.created_at,
        "author": version.author,
        "commit": version.commit,
        "note": version.note,
        "size": version.size,
        "deleted_at": version.deleted_at,
        "deleted_by": version.deleted_by,
        "metrics": dict(version.metrics),
    }


def of_info(info: Info) -> dict[str, object]:
    """What answers for a version in this process: its scorer and why, the instructions, and the bytes that it holds."""
    return {"scorer": info.scorer, "reason": info.reason, "instructions": info.instructions, "bytes": info.bytes}


def of_deployment(deployment: Deployment) -> dict[str, object]:
    """One entry of the log: who did what when and why, and what serves from then on."""
    return {
        "position": deployment.position,
        "at": deployment.at,
        "author": deployment.author,
        "action": deployment.action,
        "why": deployment.why,
        "before": deployment.before,
        "version": deployment.version,
        "experiment": of_experiment(deployment.experiment),
    }


def of_experiment(experiment: Experiment | None) -> dict[str, object] | None:
    """The experiment with all that assigns a key: salt, variants with weights and ranges of buckets, forced keys."""
    if experiment is None:
        return None
    variants = [
        {"name": each.name, "version": each.version, "weight": each.weight, "ranges": [list(pair) for pair in each.ranges]}
        for each in experiment.variants
    ]
    return {
        "name": experiment.name,
        "salt": experiment.salt,
        "started_at": experiment.started_at,
        "variants": variants,
        "forced": dict(experiment.forced),
    }
