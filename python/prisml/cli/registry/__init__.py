"""``prisml registry``: its commands, each in a module of its own."""

from prisml.cli.registry.group import registry

__all__ = ["registry"]
