"""Artifacts, and the folders they travel in."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prisml.errors import ArtifactError, ConfigurationError
from prisml.registry import Artifact, is_bundle, read_bundle, write_bundle
from tests.artifacts import make_artifact

WHOLE = make_artifact("Zoë 🦊")


def test_a_bundle_is_read_as_it_was_written(tmp_path: Path):
    """What is written to a folder comes back equal, with the same digest."""
    folder = write_bundle(WHOLE, tmp_path / "deep" / "bundle")
    assert sorted(path.name for path in folder.iterdir()) == ["manifest.json", "model.onnx"]
    assert read_bundle(folder) == WHOLE
    assert read_bundle(folder).digest == WHOLE.digest


def test_the_digest_is_of_the_text_as_it_is_stored():
    """An artifact's digest is the SHA-256 of its manifest's text, which is the manifest's own where the text is canonical."""
    assert WHOLE.digest == hashlib.sha256(WHOLE.manifest_text.encode()).hexdigest() == WHOLE.manifest.digest


@given(st.data())
def test_no_changed_byte_of_the_graph_passes(data: st.DataObject):
    """An artifact cannot be made of a graph that differs from the manifest's in a single bit."""
    place = data.draw(st.integers(0, len(WHOLE.onnx) - 1))
    graph = bytearray(WHOLE.onnx)
    graph[place] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(ArtifactError, match="its SHA-256 is not the one in the manifest"):
        Artifact(WHOLE.manifest_text, bytes(graph))


@pytest.mark.parametrize("lost", ["manifest.json", "model.onnx"])
def test_an_incomplete_bundle_names_what_is_lost(tmp_path: Path, lost: str):
    """A folder without one of the two files is an ``ArtifactError`` that names the file."""
    write_bundle(WHOLE, tmp_path)
    (tmp_path / lost).unlink()
    with pytest.raises(ArtifactError, match=f"FileNotFoundError at {lost}"):
        read_bundle(tmp_path)
    assert is_bundle(tmp_path) == (lost == "model.onnx")


@pytest.mark.parametrize(("content", "message"), [(b"{", "not a JSON object"), (b"\xff\xfe", "not UTF-8"), (b'{"format": 9}', "format 9")])
def test_a_damaged_manifest_is_told(tmp_path: Path, content: bytes, message: str):
    """A manifest that cannot be read, or is of a newer format, is an ``ArtifactError`` that says which."""
    write_bundle(WHOLE, tmp_path)
    (tmp_path / "manifest.json").write_bytes(content)
    with pytest.raises(ArtifactError, match=message):
        read_bundle(tmp_path)


def test_a_bundle_over_another_replaces_it_whole(tmp_path: Path):
    """Writing over an older bundle leaves nothing of it."""
    write_bundle(make_artifact(bias=1.0), tmp_path)
    write_bundle(WHOLE, tmp_path)
    assert read_bundle(tmp_path) == WHOLE


def test_a_bundle_that_cannot_be_written_is_told(tmp_path: Path):
    """A folder's name that a file holds already is a ``ConfigurationError``."""
    (tmp_path / "taken").write_text("")
    with pytest.raises(ConfigurationError, match="cannot be written"):
        write_bundle(WHOLE, tmp_path / "taken")
