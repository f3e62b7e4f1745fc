from __future__ import annotations

from dataclasses import replace

import pytest

from prisml.definition.algorithms import ALGORITHMS
from prisml.errors import TrainingEnvironmentError
from prisml.training.environment import check_versions, require_extra, require_training_stack
from tests.support.training import OTHERS

GOOD = {"scikit-learn": "1.9.1", "onnx": "1.23.2"}


def test_the_versions_of_the_stack_are_reported():
    """What a model was made with can be stored beside it."""
    found = require_training_stack()
    assert {*GOOD, "numpy", "onnxruntime", "python"} <= found.keys()


@pytest.mark.parametrize("name", GOOD)
def test_a_missing_part_is_named_with_the_command_that_installs_it(name):
    """The way out is one line."""
    with pytest.raises(TrainingEnvironmentError, match=rf'{name}.*pip install "prisml\[train\]"'):
        check_versions({**GOOD, name: None})


def test_a_library_that_is_not_there_is_named_with_the_command_that_installs_it():
    """An algorithm of another library says which extra has it."""
    with pytest.raises(TrainingEnvironmentError, match=r'needs catboost, which cannot be found.*pip install "prisml\[train,catboost\]"'):
        require_extra(replace(ALGORITHMS["xgboost"], extra="catboost"))


@pytest.mark.skipif(not OTHERS, reason="development installs them on Linux alone")
def test_the_library_of_an_algorithm_is_noted_beside_the_stack():
    """And of no other algorithm: it would change a manifest that has nothing to do with it."""
    assert {"lightgbm"} < require_training_stack("lightgbm").keys()
    assert not {"lightgbm", "xgboost", "xgboost-cpu"} & require_training_stack("decision_tree").keys()
    assert {"xgboost", "xgboost-cpu"} & require_training_stack("xgboost").keys()
