"""``prisml experiment``: its commands, each in a module of its own."""

from prisml.cli.experiment.group import experiment

__all__ = ["experiment"]
