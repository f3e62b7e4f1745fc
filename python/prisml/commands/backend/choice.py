"""Which backend a training gets."""

from __future__ import annotations

from prisml.commands.backend.engine import ContainerEngine, find_engine
from prisml.config import Backend
from prisml.errors import TrainingEnvironmentError
from prisml.training.environment import require_training_stack


def choose_backend(wanted: Backend) -> ContainerEngine | None:
    """The engine to train in; None for this process.

    ``"auto"`` is this process where the training stack is installed, or else the engine that answers; ``TrainingEnvironmentError`` says
    how to get either.
    """
    if wanted == "local":
        return None
    if wanted == "docker":
        return find_engine()
    try:
        require_training_stack()
    except TrainingEnvironmentError as lacking:
        return _engine_instead(lacking)
    return None


def _engine_instead(lacking: TrainingEnvironmentError) -> ContainerEngine:
    try:
        return find_engine()
    except TrainingEnvironmentError as absent:
        ways_out = dict.fromkeys((*lacking.suggestions, *absent.suggestions[:-1]))
        raise TrainingEnvironmentError(
            f"Training can run neither here nor in a container. {lacking.message} {absent.message}",
            {**lacking.context, **absent.context},
            tuple(ways_out),
        ) from None
