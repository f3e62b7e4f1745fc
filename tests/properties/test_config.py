"""The order in which settings are looked for, as a law."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prisml.config import DEFAULT_REGISTRY, Config

URL = st.none() | st.sampled_from(["postgresql://a/x", "mysql://b/y", "mssql://c/z"])


@given(argument=URL, environment=URL, stored=URL, key=st.sampled_from(["database", "registry"]))
def test_the_first_place_that_has_a_setting_gives_it(argument, environment, stored, key):
    """Of argument, environment and file, the first that is there is taken; otherwise the default."""
    variable = {"database": "DATABASE_URL", "registry": "PRISML_REGISTRY"}[key]
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv(variable, environment or "")
        lines = ["[tool.prisml]", *([] if stored is None else [f'{key} = "{stored}"'])]
        Path(folder, "pyproject.toml").write_text("\n".join(lines), encoding="utf-8")
        found = getattr(Config.read(folder, **{key: argument}), key)
    given_somewhere = next((url for url in (argument, environment, stored) if url is not None), None)
    default = f"sqlite:///{Path(folder).resolve().as_posix()}/{DEFAULT_REGISTRY.removeprefix('sqlite:///')}"
    assert found == (given_somewhere or (default if key == "registry" else None))
