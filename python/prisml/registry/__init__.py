"""Versions of models in SQL, and bundles in folders."""

from prisml.registry.bundle import Artifact, is_bundle, read_bundle, write_bundle
from prisml.registry.registry import Registry, Version

__all__ = ["Artifact", "Registry", "Version", "is_bundle", "read_bundle", "write_bundle"]
