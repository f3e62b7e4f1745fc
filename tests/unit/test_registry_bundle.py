"""Artifacts, and the folders they travel in."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prisml.errors import ArtifactError, ConfigurationError
from prisml.registry import Artifact, is_bundle, read_bundle, write_bundle
from prisml.registry.bundle import LARGEST_REPORT
from tests.artifacts import make_artifact

WHOLE = make_artifact("Zoë 🦊")
REPORT = '{"report":"of Zoë 🦊"}'
REPORTED = make_artifact("Zoë 🦊", report=REPORT)
BARE = Artifact(REPORTED.manifest_text, REPORTED.onnx)


def test_a_bundle_is_read_as_it_was_written(tmp_path: Path):
    """What is written to a folder comes back equal, with the same digest."""
    folder = write_bundle(WHOLE, tmp_path / "deep" / "bundle")
    assert sorted(path.name for path in folder.iterdir()) == ["manifest.json", "model.onnx"]
    assert read_bundle(folder) == WHOLE
    assert read_bundle(folder).digest == WHOLE.digest


def test_the_digest_is_of_the_text_as_it_is_stored():
    """An artifact's digest is the SHA-256 of its manifest's text, which is the manifest's own where the text is canonical."""
    assert WHOLE.digest == hashlib.sha256(WHOLE.manifest_text.encode()).hexdigest() == WHOLE.manifest.digest


def test_a_bundle_keeps_its_report(tmp_path: Path):
    """A report is a third file beside the two, comes back equal, and is left unread where it is not wanted, or left out."""
    folder = write_bundle(REPORTED, tmp_path)
    (folder / "report.html").write_text("<p>")
    assert (folder / "report.json").read_text(encoding="utf-8") == REPORT
    assert read_bundle(folder) == REPORTED
    assert (read_bundle(folder, with_report=False), read_bundle(folder, with_report=False).report_text) == (BARE, None)
    (folder / "report.json").unlink()
    assert (read_bundle(folder), read_bundle(folder).digest) == (BARE, REPORTED.digest)


def test_a_report_that_no_manifest_names_is_left_alone(tmp_path: Path):
    """A file of that name beside an artifact without a report is not read, whatever stands in it."""
    write_bundle(WHOLE, tmp_path)
    (tmp_path / "report.json").write_bytes(b"\xff")
    assert read_bundle(tmp_path) == WHOLE


@pytest.mark.parametrize(
    ("content", "message"),
    [(REPORT.encode() + b" ", "its SHA-256 is not the one in the manifest"), (b"", "its SHA-256"), (b"\xff", "is not UTF-8")],
)
def test_a_damaged_report_is_told(tmp_path: Path, content: bytes, message: str):
    """A report that is not the one that the manifest names is an ``ArtifactError``, and predicting does without."""
    write_bundle(REPORTED, tmp_path)
    (tmp_path / "report.json").write_bytes(content)
    with pytest.raises(ArtifactError, match=f"{message}.*predicting needs none"):
        read_bundle(tmp_path)
    assert read_bundle(tmp_path, with_report=False) == BARE


@pytest.mark.parametrize(
    ("manifest_text", "report", "message"),
    [
        (WHOLE.manifest_text, "{}", "names no report"),
        (REPORTED.manifest_text, "{}", "its SHA-256"),
        (REPORTED.manifest_text, "\ud800", "cannot be written as UTF-8"),
        (REPORTED.manifest_text, "x" * (LARGEST_REPORT + 1), "has 67,108,865 bytes, and 67,108,864 are the most"),
    ],
    ids=["unnamed", "another", "no Unicode", "too large"],
)
def test_a_report_of_another_version_makes_no_artifact(manifest_text: str, report: str, message: str):
    """An artifact cannot be made with a report that its manifest does not name, or that no file could hold."""
    with pytest.raises(ArtifactError, match=message):
        Artifact(manifest_text, WHOLE.onnx, report)


def test_a_report_that_is_too_large_is_refused_by_its_size(tmp_path: Path):
    """A file larger than any report is not read."""
    write_bundle(REPORTED, tmp_path)
    with (tmp_path / "report.json").open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(ArtifactError, match="1,099,511,627,776 bytes"):
        read_bundle(tmp_path)


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
    write_bundle(make_artifact(bias=1.0, report=REPORT), tmp_path)
    write_bundle(WHOLE, tmp_path)
    assert read_bundle(tmp_path) == WHOLE
    assert not (tmp_path / "report.json").exists()


def test_a_bundle_that_cannot_be_written_is_told(tmp_path: Path):
    """A folder's name that a file holds already is a ``ConfigurationError``."""
    (tmp_path / "taken").write_text("")
    with pytest.raises(ConfigurationError, match="cannot be written"):
        write_bundle(WHOLE, tmp_path / "taken")
