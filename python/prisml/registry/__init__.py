"""Versions of models in SQL, experiments between them, and bundles in folders."""

from prisml.registry.alembic import include_object, include_object_and
from prisml.registry.bundle import Artifact, is_bundle, read_bundle, write_bundle
from prisml.registry.experiments import Experiment, Variant
from prisml.registry.labels import UNCHANGED
from prisml.registry.lifecycle import Experiments
from prisml.registry.log import Deployment
from prisml.registry.registry import Registry
from prisml.registry.transfer import Exported, Imported, export, import_
from prisml.registry.verification import Problem, Verification
from prisml.registry.versions import Version

__all__ = [
    "UNCHANGED",
    "Artifact",
    "Deployment",
    "Experiment",
    "Experiments",
    "Exported",
    "Imported",
    "Problem",
    "Registry",
    "Variant",
    "Verification",
    "Version",
    "export",
    "import_",
    "include_object",
    "include_object_and",
    "is_bundle",
    "read_bundle",
    "write_bundle",
]
