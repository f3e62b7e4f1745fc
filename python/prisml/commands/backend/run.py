"""A container that runs: its output goes where ours goes, its exit code is ours, and it ends when we are told to."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

from prisml.commands.backend.command import ContainerCommand
from prisml.commands.backend.engine import default_image
from prisml.errors import TrainingEnvironmentError

GRACE_S = 10.0
"""How long an interrupted training may take to say what was done."""
INTERRUPTED = 130
_ENDING = (signal.SIGTERM, signal.SIGHUP) if os.name == "posix" else (signal.SIGTERM,)


def run_container(command: ContainerCommand, environment: Mapping[str, str], image: str) -> int:
    """Start the container and wait for it; the exit code of the training in it.

    Ctrl-C interrupts the training as it would here, and a second one, or ten seconds, stop the container. ``TrainingEnvironmentError``
    where no container could be started, or it was killed.
    """
    # In a session of its own: the terminal would interrupt it beside us. No shell, and the words are ours.
    child = subprocess.Popen(  # noqa: S603
        command.start, stdin=subprocess.DEVNULL, env={**os.environ, **environment}, start_new_session=True
    )
    with _handing_on(child):
        try:
            code = child.wait()
        except KeyboardInterrupt:
            _interrupt(child, command)
            return INTERRUPTED
    if code < 0:
        # The program is gone, and its container may not be.
        _stop(command)
        return 128 - code
    _refuse_failure(code, image)
    return code


def _refuse_failure(code: int, image: str) -> None:
    """Raise for what is not an exit code of ``prisml``: Docker's own, and that of a kill."""
    hints = ["What the engine said about it stands above."]
    if code == 125:
        what = "The container could not be started"
        hints += ["On Docker Desktop, share the project's folder: Settings, Resources, File sharing.", "Or train here: --backend local."]
    elif code == 126:
        what = f"The prisml in the image {image!r} cannot be executed"
        hints += ["Is the image of this machine's architecture? Build it here, by Dockerfile.trainer."]
    elif code == 127:
        what = f"The image {image!r} holds no prisml"
        hints += [f"Begin an image of your own with FROM {default_image()}, which Dockerfile.trainer builds."]
    elif code == 137:
        what = "The container was killed, as happens where memory runs out"
        hints = ["Give the engine more memory (Docker Desktop: Settings, Resources), or train on fewer rows or features."]
    else:
        return
    raise TrainingEnvironmentError(f"{what} (exit code {code}).", {"image": image, "exit_code": code}, hints)


def _interrupt(child: subprocess.Popen[bytes], command: ContainerCommand) -> None:
    child.send_signal(signal.SIGINT)
    try:
        child.wait(GRACE_S)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        _stop(command)
        with suppress(subprocess.TimeoutExpired, KeyboardInterrupt):
            child.wait(GRACE_S)
        child.kill()


def _stop(command: ContainerCommand) -> None:
    """Stop the container where it still runs; a word of ours about it would hide what the training said."""
    with suppress(OSError, subprocess.TimeoutExpired, KeyboardInterrupt):
        subprocess.run(command.stop, capture_output=True, check=False, timeout=2 * GRACE_S, start_new_session=True)  # noqa: S603


@contextmanager
def _handing_on(child: subprocess.Popen[bytes]) -> Iterator[None]:
    """While the block runs, what would end this process ends the container."""

    def end(number: int, frame: FrameType | None) -> None:
        del number, frame
        child.terminate()

    before: dict[signal.Signals, Any] = {}
    with suppress(ValueError):  # only the main thread may
        before = {number: signal.signal(number, end) for number in _ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
