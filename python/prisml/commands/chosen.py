"""Whether what is to be fitted can be: known from the definition alone."""

from __future__ import annotations

import contextlib
from importlib.util import find_spec
from typing import Any

from prisml.definition.algorithms import AUTO
from prisml.definition.model import ModelDefinition
from prisml.errors import TrainingEnvironmentError


def check_choice(definition: ModelDefinition[Any]) -> None:
    """Raise ``DefinitionError`` for an algorithm, parameter, value or step that training would refuse; no data is needed for it.

    Where scikit-learn or the algorithm's own library is not installed, which checking alone does not need, nothing is judged;
    nor where the algorithm is searched for.
    """
    if definition.algorithm == AUTO or find_spec("sklearn") is None:
        return
    from prisml.training.estimators import choose_estimator

    with contextlib.suppress(TrainingEnvironmentError):
        choose_estimator(
            definition.algorithm,
            params=definition.params,
            task=definition.task,
            seed=definition.seed,
            model=definition.name,
            encoding=definition.encoding,
        )
