"""``prisml train`` in a container: its options, and the same command line handed on."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from typing import get_args

import click
from click.core import ParameterSource

from prisml.cli import document, render
from prisml.cli.failure import State
from prisml.commands.backend.choice import choose_backend
from prisml.commands.backend.command import container_command
from prisml.commands.backend.engine import ContainerEngine, default_image, likely_engine, require_image
from prisml.commands.backend.job import prepared
from prisml.commands.backend.run import run_container
from prisml.config import Backend, Config

backend = click.option(
    "--backend",
    type=click.Choice(get_args(Backend)),
    help="Where to train: here (local), in a container (docker; Podman too), or auto: here where the training stack is installed. "
    "Else PRISML_BACKEND, else [tool.prisml] backend, else auto.",
)
image = click.option(
    "--image",
    metavar="NAME",
    help="The image to train in. Else PRISML_IMAGE, else [tool.prisml] image, else prisml-trainer with the number of this release.",
)
dry_run = click.option("--dry-run", is_flag=True, help="Show the command that would start the container, and train nothing.")

# The container reads both from its environment, so that no password stands in a command; the rest is ours alone.
_NOT_HANDED = frozenset({"backend", "image", "dry_run", "database", "registry", "debug"})


def train_elsewhere(config: Config, targets: Sequence[str], *, dry_run: bool, as_json: bool) -> int | None:
    """The exit code of training in a container, or of showing its command; None where training runs in this process."""
    context = click.get_current_context()
    shown = likely_engine() if dry_run and config.backend == "docker" else None
    engine = shown or choose_backend(config.backend)
    if engine is None:
        return _say_local(as_json=as_json) if dry_run else None
    words = (*_handed_on(context), *(["--debug"] if context.ensure_object(State).debug else []), "--", *targets)
    wanted = config.image or default_image()
    if dry_run:
        return _show(config, engine, wanted, targets, words, as_json=as_json)
    require_image(engine, wanted)
    with prepared(config, targets or config.models, words) as job:
        return run_container(container_command(engine, wanted, job), job.environment, wanted)


def _handed_on(context: click.Context) -> Iterator[str]:
    """The options as they were given, also those that are not known here."""
    for parameter in context.command.params:
        name = str(parameter.name)
        given = context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        if not given or not isinstance(parameter, click.Option) or name in _NOT_HANDED:
            continue
        value = context.params[name]
        if parameter.is_flag:
            yield parameter.opts[0] if value else parameter.secondary_opts[0]
            continue
        for each in value if parameter.multiple else (value,):
            # In one word: a value may begin with a hyphen.
            yield f"{parameter.opts[0]}={each}"


def _show(config: Config, engine: ContainerEngine, image: str, targets: Sequence[str], words: Sequence[str], *, as_json: bool) -> int:
    with prepared(config, targets or config.models, words, dry_run=True) as job:
        command = container_command(engine, image, job)
        if as_json:
            render.write_json(
                document.answer(backend="docker", image=image, command=list(command.start), environment=sorted(job.environment))
            )
        else:
            click.echo(shlex.join(command.start))
    return 0


def _say_local(*, as_json: bool) -> int:
    if as_json:
        render.write_json(document.answer(backend="local", image=None, command=None, environment=[]))
    else:
        click.echo("Training would run in this process: the backend is local. To see the other: --backend docker --dry-run.")
    return 0
