"""The container engine of this machine: which program it is, and whether it answers."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from prisml.errors import TrainingEnvironmentError
from prisml.version import installed_version

PATIENCE_S = 10.0
INSTALL = 'Install the training stack here: pip install "prisml[train]".'
# What each program calls the version of what runs the containers; Docker gives none where its daemon is not running.
_VERSIONS = {"docker": "{{.ServerVersion}}", "podman": "{{.Version.Version}}"}


@dataclass(frozen=True)
class ContainerEngine:
    """A container engine that answers: the path of its program, its name (``"docker"`` or ``"podman"``) and its version."""

    program: str
    name: str
    version: str


def default_image() -> str:
    """The image with the training stack of this release."""
    # A tag may not hold the plus of a local version.
    return f"prisml-trainer:{installed_version().replace('+', '-')}"


def find_engine() -> ContainerEngine:
    """The first of Docker and Podman that answers; ``TrainingEnvironmentError`` says what keeps Docker from it."""
    _refuse_remote(os.environ)
    refusals: list[TrainingEnvironmentError] = []
    for name in _VERSIONS:
        if (program := shutil.which(name)) is None:
            continue
        try:
            return _asked(program, name)
        except TrainingEnvironmentError as error:
            refusals.append(error)
    raise refusals[0] if refusals else _missing()


def likely_engine() -> ContainerEngine:
    """What ``find_engine`` would try first, unasked: enough to show a command."""
    name = next((name for name in _VERSIONS if shutil.which(name)), "docker")
    return ContainerEngine(name, name, "")


def require_image(engine: ContainerEngine, image: str) -> None:
    """Raise ``TrainingEnvironmentError`` where the engine does not hold ``image``; nothing is ever pulled."""
    told = _ask((engine.program, "image", "inspect", "--format", "{{.Id}}", image), engine.name)
    if told.returncode != 0:
        raise TrainingEnvironmentError(
            f"{engine.name.capitalize()} has no image {image!r}.",
            {"image": image},
            [
                f"Build it in a checkout of PrisML: {engine.name} build --file Dockerfile.trainer --tag {image} .",
                f"Or fetch it from where you keep it: {engine.name} pull {image}.",
                "Or name another with --image, or image = ... under [tool.prisml].",
            ],
        )


def _asked(program: str, name: str) -> ContainerEngine:
    told = _ask((program, "info", "--format", _VERSIONS[name]), name)
    version = told.stdout.strip()
    if told.returncode == 0 and version:
        return ContainerEngine(program, name, version)
    if "permission denied" in told.stderr.lower():
        raise TrainingEnvironmentError(
            f"This user may not talk to {name}: permission denied on its socket.",
            {"engine": name},
            ["Add the user to the group docker and log in again, or use rootless Docker or Podman.", INSTALL],
        )
    raise _silent(name)


def _ask(command: Sequence[str], name: str) -> subprocess.CompletedProcess[str]:
    try:
        # The program is the one found on PATH, and the words are ours.
        return subprocess.run(command, capture_output=True, text=True, errors="replace", check=False, timeout=PATIENCE_S)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        raise _silent(name) from None


def _refuse_remote(environment: Mapping[str, str]) -> None:
    """An engine on another machine sees that machine's folders under the names of ours."""
    host = environment.get("DOCKER_HOST", "")
    if host and not host.startswith(("unix:", "/")):
        raise TrainingEnvironmentError(
            "DOCKER_HOST names an engine on another machine, which cannot see the folders of this one.",
            {"engine": "docker"},
            ["Unset DOCKER_HOST to use the engine of this machine.", INSTALL],
        )


def _silent(name: str) -> TrainingEnvironmentError:
    way_out = "Start it: sudo systemctl start docker, or open Docker Desktop." if name == "docker" else "See what podman info says."
    return TrainingEnvironmentError(f"{name.capitalize()} is installed and does not answer.", {"engine": name}, [way_out, INSTALL])


def _missing() -> TrainingEnvironmentError:
    way_out = "Install Docker (https://docs.docker.com/engine/install/) or Podman."
    return TrainingEnvironmentError("Neither docker nor podman is on PATH.", {"engine": None}, [way_out, INSTALL])
