"""A program that stands in for Docker on PATH: it records what it is told, answers as it was set to, and can do what a container would."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import prisml

PROGRAM = """#!{python}
import json, os, signal, subprocess, sys, time

here, words = {here!r}, sys.argv[1:]
with open(here + "/answers.json") as file:
    answers = json.load(file)
with open(here + "/calls.jsonl", "a") as log:
    log.write(json.dumps(dict(words=words, environment=dict(os.environ))) + "\\n")


def say(answer):
    sys.stdout.write(answer.get("stdout", ""))
    sys.stderr.write(answer.get("stderr", ""))
    sys.stdout.flush()
    time.sleep(answer.get("seconds", 0))
    sys.exit(answer.get("code", 0))


def value_after(option):
    return [words[place + 1] for place, word in enumerate(words) if word == option]


def train():
    # As in a container: the variables that were named and no others, a folder of its own, and the signals that the program gets.
    named = dict(each.split("=", 1) if "=" in each else (each, os.environ[each]) for each in value_after("--env"))
    inner = words[words.index("prisml") + 1 :]
    child = subprocess.Popen(
        [sys.executable, "-m", "prisml", *inner],
        env=dict(named, PATH=os.defpath, PYTHONPATH={package!r}),
        cwd=value_after("--workdir")[0],
    )
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, frame: child.send_signal(number))
    code = child.wait()
    sys.exit(128 - code if code < 0 else code)


def wait(deaf):
    heard = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, frame: heard.append(number))
    open(here + "/running", "w").close()
    while not os.path.exists(here + "/stopped") and (deaf or not heard):
        time.sleep(0.01)
    with open(here + "/heard.json", "w") as file:
        json.dump(heard, file)
    sys.exit(137 if not heard or deaf else 128 + heard[0])


if words[0] == "run" and answers["run"] == "train":
    train()
elif words[0] == "run" and answers["run"] in ("wait", "deaf"):
    wait(answers["run"] == "deaf")
elif words[0] == "stop":
    open(here + "/stopped", "w").close()
else:
    say(answers[words[0]])
"""


@dataclass(frozen=True)
class Call:
    """What the program was started with: its words and its environment."""

    words: tuple[str, ...]
    environment: dict[str, str]

    def options(self, name: str) -> list[str]:
        """The value of each option of that name."""
        return [value for word, value in zip(self.words, self.words[1:], strict=False) if word == name]


@dataclass(frozen=True)
class StandIn:
    """A folder to put on PATH, in which the program is."""

    folder: Path

    @classmethod
    def of(cls, folder: Path, name: str = "docker") -> StandIn:
        """The program in that folder, set to answer as a healthy engine does, and to train."""
        folder.mkdir(exist_ok=True)
        program = folder / name
        program.write_text(PROGRAM.format(python=sys.executable, here=str(folder), package=str(Path(prisml.__file__).parents[1])))
        program.chmod(0o755)
        made = cls(folder)
        made.answer()
        return made

    @property
    def path(self) -> str:
        """A PATH on which it comes first."""
        return f"{self.folder}{os.pathsep}{os.environ['PATH']}"

    def answer(self, **answers: object) -> None:
        """Set what it does: a way to run (``train``, ``wait``, ``deaf``), or stdout, stderr, code and seconds."""
        usual: dict[str, object] = {"info": {"stdout": "27.3.1\n"}, "image": {"stdout": "sha256:1\n"}, "run": "train"}
        (self.folder / "answers.json").write_text(json.dumps({**usual, **answers}))

    def calls(self, command: str) -> list[Call]:
        """How that command was called, oldest first."""
        log = self.folder / "calls.jsonl"
        found = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
        return [Call(tuple(each["words"]), each["environment"]) for each in found if each["words"][0] == command]
