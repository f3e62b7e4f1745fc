"""Finding ONNX Runtime's library, and loading it once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.machinery import BuiltinImporter
from pathlib import Path

import pytest

from prisml.errors import ConfigurationError
from prisml.serving.runtime import VARIABLES, locate

NAMES = {"linux": "libonnxruntime.so.1.30.0", "darwin": "libonnxruntime.1.30.0.dylib", "win32": "onnxruntime.dll"}


@pytest.fixture(autouse=True)
def nothing_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable of the environment names a library."""
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)


def library(folder: Path, platform: str = sys.platform) -> Path:
    """An empty file under the library's name, in a new folder."""
    folder.mkdir(parents=True)
    path = folder / NAMES[platform]
    path.write_bytes(b"")
    return path


def test_the_wheels_library_is_found_without_importing_it():
    """Without any setting, the library is the one in the onnxruntime wheel, and finding it imports nothing."""
    code = "import json, sys; from prisml.serving.runtime import locate; print(json.dumps([str(locate()), 'onnxruntime' in sys.modules]))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    path, imported = json.loads(run.stdout)
    assert Path(path).is_absolute()
    assert Path(path).is_file()
    assert Path(path).parent.name == "capi"
    assert not imported


def test_places_are_asked_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The argument comes before PRISML_ORT_DYLIB, that before ORT_DYLIB_PATH, that before the wheel."""
    argument, first, second = (library(tmp_path / name) for name in ("argument", "first", "second"))
    monkeypatch.setenv("ORT_DYLIB_PATH", str(second))
    assert locate() == second
    monkeypatch.setenv("PRISML_ORT_DYLIB", str(first))
    assert locate() == first
    assert locate(argument) == argument


def test_a_folder_stands_for_the_library_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A setting may name the folder, and a relative path comes back absolute."""
    path = library(tmp_path / "lib")
    monkeypatch.chdir(tmp_path)
    assert locate("lib") == path
    assert locate(Path("lib") / path.name) == path


@pytest.mark.parametrize("platform", sorted(NAMES))
def test_the_library_has_its_platforms_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, platform: str):
    """Linux, macOS and Windows each have their own name for it; its neighbours in the wheel are not taken for it."""
    path = library(tmp_path / "capi", platform)
    for neighbour in ("libonnxruntime_providers_shared.so", "onnxruntime_providers_shared.dll", "onnxruntime_pybind11_state.so"):
        (tmp_path / "capi" / neighbour).write_bytes(b"")
    monkeypatch.setattr(sys, "platform", platform)
    assert locate(tmp_path / "capi") == path


def test_a_place_that_was_named_is_not_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A setting that holds no library is an error, although the wheel has one."""
    monkeypatch.setenv("PRISML_ORT_DYLIB", str(tmp_path / "gone.so"))
    with pytest.raises(ConfigurationError, match=r"PRISML_ORT_DYLIB: .*gone\.so"):
        locate()


def test_a_library_that_is_nowhere_names_every_place(monkeypatch: pytest.MonkeyPatch):
    """Without a library anywhere, the error lists every place that was tried and says how to install it."""
    monkeypatch.delitem(sys.modules, "onnxruntime", raising=False)
    monkeypatch.setattr(sys, "meta_path", [BuiltinImporter])
    with pytest.raises(ConfigurationError) as caught:
        locate()
    assert [place.split(":")[0] for place in caught.value.context["tried"]] == [*VARIABLES, "the onnxruntime wheel"]
    assert "pip install onnxruntime" in str(caught.value)


def test_the_library_is_loaded_once_and_without_telemetry():
    """However many threads ask first, the library is loaded once, with telemetry switched off before."""
    code = """
import json, os, threading, time
from prisml.serving import runtime
calls = []
def load(path):
    time.sleep(0.05)
    calls.append([path, os.environ.get("ORT_DISABLE_TELEMETRY")])
    return "a build"
answers = []
threads = [threading.Thread(target=lambda: answers.append(runtime.start(load))) for _ in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(json.dumps([calls, answers, str(runtime.locate())]))
"""
    environment = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    calls, answers, path = json.loads(run.stdout)
    assert calls == [[path, "1"]]
    assert answers == ["a build"] * 8


def test_a_load_that_failed_is_tried_again():
    """A library that could not be loaded does not count as loaded."""
    code = """
from prisml.errors import ConfigurationError
from prisml.serving import runtime
def fail(path):
    raise ConfigurationError("broken")
try:
    runtime.start(fail)
except ConfigurationError:
    print(runtime.start(lambda path: "a build"))
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "a build"
