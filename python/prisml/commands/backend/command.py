"""The command line that starts a container, as a list of words: no shell reads it, and no secret stands in it."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass

from prisml.commands.backend.engine import ContainerEngine
from prisml.commands.backend.job import Job
from prisml.errors import TrainingEnvironmentError


@dataclass(frozen=True)
class ContainerCommand:
    """What starts the container called ``name``, and what stops it again."""

    name: str
    start: tuple[str, ...]
    stop: tuple[str, ...]


def container_command(engine: ContainerEngine, image: str, job: Job) -> ContainerCommand:
    """The command that runs ``job`` in a container of ``image``, which sees nothing else and can change nothing else.

    As this user, without a way to more rights, on a file system that cannot be written but for ``/tmp`` and the mounts that say so.
    Variables are handed on by name: their values are in the environment of the program that is started.
    """
    if os.name != "posix":
        raise TrainingEnvironmentError(
            "A container sees folders under the paths that they have here, which Windows names in another way.",
            {},
            ["Call prisml within WSL, or train here: --backend local."],
        )
    name = f"prisml-train-{secrets.token_hex(6)}"
    options = [
        *("--rm", "--init", "--pull", "never", "--name", name),
        *("--read-only", "--tmpfs", "/tmp", "--security-opt", "no-new-privileges"),  # noqa: S108
        *("--user", f"{os.getuid()}:{os.getgid()}", *(("--userns", "keep-id") if engine.name == "podman" else ())),
        *(() if job.network is None else ("--network", job.network)),
        *(word for variable in sorted(job.environment) for word in ("--env", variable)),
        *("--env", "HOME=/tmp"),
        *(word for mount in job.mounts for word in ("--mount", mount.option())),
        *("--workdir", str(job.folder)),
    ]
    inner = ("prisml", "train", "--backend", "local", *job.words)
    return ContainerCommand(name, (engine.program, "run", *options, image, *inner), (engine.program, "stop", "--time", "5", name))
