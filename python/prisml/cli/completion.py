"""What the shell proposes on Tab: names and versions from the registry. Never an error, whatever the state of things."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    from prisml.registry.registry import Registry


def model_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The models of the registry whose name begins with what was typed."""
    proposals: list[CompletionItem] = []
    with contextlib.suppress(Exception):
        proposals = _matching(((name, "") for name in _registry(ctx).names()), incomplete)
    return proposals


def names_and_folders(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The models of the registry, or a folder's path where none fits."""
    return model_names(ctx, param, incomplete) or [CompletionItem(incomplete, type="dir")]


def version_numbers(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The versions of the model that was named before, with when they were published."""
    proposals: list[CompletionItem] = []
    with contextlib.suppress(Exception):
        versions = _registry(ctx).versions(ctx.params["name"])
        proposals = _matching(((str(each.number), _when(each)) for each in versions), incomplete)
    return proposals


def _when(version: object) -> str:
    active = ", active" if getattr(version, "active", False) else ""
    return f"{getattr(version, 'created_at', ''):%Y-%m-%d %H:%M}{active}"


def _registry(ctx: click.Context) -> Registry:
    from prisml.cli.settings import open_registry

    return open_registry(ctx.params.get("registry"))


def _matching(pairs: Iterable[tuple[str, str]], incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(value, help=text or None) for value, text in pairs if value.startswith(incomplete)]
