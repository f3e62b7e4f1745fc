from __future__ import annotations

import pytest

from prisml.errors import TrainingEnvironmentError
from prisml.training.environment import check_versions, require_training_stack

GOOD = {"scikit-learn": "1.9.1", "skl2onnx": "1.20.0", "onnx": "1.23.2", "protobuf": "6.33.6"}


def test_the_versions_of_the_stack_are_reported():
    """What a model was made with can be stored beside it."""
    found = require_training_stack()
    assert {*GOOD, "numpy", "onnxruntime", "python"} <= found.keys()


@pytest.mark.parametrize("name", GOOD)
def test_a_missing_part_is_named_with_the_command_that_installs_it(name):
    """The way out is one line."""
    with pytest.raises(TrainingEnvironmentError, match=rf'{name}.*pip install "prisml\[train\]"'):
        check_versions({**GOOD, name: None})


def test_protobuf_7_is_refused():
    """skl2onnx raises with it."""
    check_versions(GOOD)
    with pytest.raises(TrainingEnvironmentError, match=r"protobuf 7\.34\.0 is installed"):
        check_versions({**GOOD, "protobuf": "7.34.0"})
