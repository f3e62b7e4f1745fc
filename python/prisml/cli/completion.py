"""What the shell proposes on Tab: names and versions from the registry. Never an error, whatever the state of things.

And ``prisml completion``, which writes the script that a shell asks by.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem, get_completion_class

from prisml.cli import options

if TYPE_CHECKING:
    from prisml.registry.registry import Registry, Version

SHELLS = ("bash", "zsh", "fish")


@options.command(
    "prisml completion bash > ~/.local/share/bash-completion/completions/prisml",
    'prisml completion zsh > "${fpath[1]}/_prisml"',
    "prisml completion fish > ~/.config/fish/completions/prisml.fish",
    _0="written",
)
@click.argument("shell", required=False, type=click.Choice(SHELLS))
def completion(shell: str | None) -> None:
    """Write the script by which a shell completes on Tab.

    Without SHELL it is that of the environment's SHELL. Store what is written where your shell looks, and open a new one; or put
    eval "$(prisml completion bash)" into ~/.bashrc, which takes the time of one command at every start.
    """
    name = shell or Path(os.environ.get("SHELL", "")).name
    if name not in SHELLS:
        raise click.UsageError(f"Name the shell: {', '.join(SHELLS)}.")
    made = get_completion_class(name)
    root = click.get_current_context().find_root()
    if made is not None:
        click.echo(made(root.command, {}, "prisml", "_PRISML_COMPLETE").source())


def model_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The models of the registry whose name begins with what was typed."""
    proposals: list[CompletionItem] = []
    with contextlib.suppress(Exception):
        proposals = _matching(((name, "") for name in _registry(ctx).names()), incomplete)
    return proposals


def running_models(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The models of which an experiment runs, with its name."""
    proposals: list[CompletionItem] = []
    with contextlib.suppress(Exception):
        from prisml.commands.experiment import status

        running = ((each.name, each.experiment) for each in status(_registry(ctx)))
        proposals = _matching(((name, experiment.name) for name, experiment in running if experiment is not None), incomplete)
    return proposals


def names_and_folders(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The models of the registry, or a folder's path where none fits."""
    return model_names(ctx, param, incomplete) or [CompletionItem(incomplete, type="dir")]


def targets_and_files(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The models of ``[tool.prisml]``, and files; nothing is imported."""
    proposals: list[CompletionItem] = []
    with contextlib.suppress(Exception):
        from prisml.config import Config

        proposals = _matching(((_relative(each), "") for each in Config.read().models), incomplete)
    return [*proposals, CompletionItem(incomplete, type="file")]


def entity_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The mapped classes of the folder, as reading its files shows them; nothing is imported."""
    proposals: list[CompletionItem] = []
    with contextlib.suppress(Exception):
        from prisml.commands.init.find import search

        proposals = _matching(((each.name, each.module) for each in search(Path.cwd()).classes), incomplete)
    return proposals


def version_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The numbers and labels of the model that was named before, with when each version was published."""
    proposals: list[CompletionItem] = []
    with contextlib.suppress(Exception):
        proposals = _matching(_numbers_and_labels(ctx), incomplete)
    return proposals


def version_shares(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The same with the ``=`` behind which a weight is written."""
    proposals: list[CompletionItem] = []
    with contextlib.suppress(Exception):
        proposals = _matching(((f"{name}=", text) for name, text in _numbers_and_labels(ctx)), incomplete)
    return proposals


def _numbers_and_labels(ctx: click.Context) -> Iterator[tuple[str, str]]:
    # Where an option waits for its value, click has not yet given the words before it to the arguments.
    versions = _registry(ctx).versions(ctx.params["name"] or ctx.args[0])
    yield from ((str(each.number), _about(each)) for each in versions)
    yield from ((each.label, f"version {each.number}, {_about(each)}") for each in versions if each.label is not None)


def _about(version: Version) -> str:
    active = ", active" if version.active else ""
    return f"{version.created_at:%Y-%m-%d %H:%M}{active}"


def _registry(ctx: click.Context) -> Registry:
    from prisml.cli.settings import open_registry

    return open_registry(ctx.params.get("registry"))


def _relative(target: str) -> str:
    """A file as it is typed in the current folder."""
    path = Path(target)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else target


def _matching(pairs: Iterable[tuple[str, str]], incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(value, help=text or None) for value, text in pairs if value.startswith(incomplete)]
