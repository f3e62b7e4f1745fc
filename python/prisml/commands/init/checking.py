"""The test that a first definition comes with: what somebody would keep of it when the draft has become theirs."""

from __future__ import annotations

_TEST = '''\
"""What has to hold of `{variable}` before anybody trains it."""

import subprocess
import sys

import pytest
from prisml.config import Config

from {module} import {variable}


def test_the_definition_agrees_with_the_mapping() -> None:
    """Importing it has checked it; what the application reads is still called as it is."""
    assert ({variable}.name, {variable}.output) == ("{variable}", "{output}")
    assert {variable}.features


@pytest.mark.skipif(Config.read().database is None, reason="no database is configured")
def test_the_database_has_what_it_reads() -> None:
    """`prisml check` finds each table and column as it is declared, and rows to learn from."""
    command = [sys.executable, "-m", "prisml", "check", "{target}"]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    if checked.returncode == 3:
        pytest.skip("the database cannot be reached")
    assert checked.returncode == 0, checked.stdout + checked.stderr
'''


def source_of_test(*, variable: str, output: str, module: str, target: str) -> str:
    """The module of tests for the definition ``variable`` in ``module``; ``target`` is how the command line names it."""
    return _TEST.format(variable=variable, output=output, module=module, target=target)
