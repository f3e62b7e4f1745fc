"""What ``make verify-mutants`` makes of mutants: which change more than words, which survive by right, and what breaks the promise."""

from __future__ import annotations

from pathlib import Path

import pytest

from benches.mutants_found import Explained, Mutant, explained
from benches.mutants_python import GROUPS
from benches.mutants_words import changes
from benches.report import Report
from benches.verify_mutants import judge

ROOT = Path(__file__).parents[2]
SOURCE = """

def held(rows, least):
    if rows < least:
        raise ValueError(f"{rows:,} rows are " "too few")
    return {"rows": rows, "said": "enough of them"}

class Gate:
    def passes(self, got):
        return got >= self.min
"""
# As mutmut writes it: each mutant beside the original, and between them what chooses one.
WRITTEN = """
def held(rows, least):
    return chosen("held", rows, least)

def x_held__mutmut_orig(rows, least):
    if rows < least:
        raise ValueError(f"{rows:,} rows are " "too few")
    return {"rows": rows, "said": "enough of them"}

def x_held__mutmut_1(rows, least):
    if rows <= least:
        raise ValueError(f"{rows:,} rows are " "too few")
    return {"rows": rows, "said": "enough of them"}

def x_held__mutmut_2(rows, least):
    if rows < least:
        raise ValueError(f"{rows:,} rows are " "XXtoo fewXX")
    return {"rows": rows, "said": "enough of them"}

def x_held__mutmut_3(rows, least):
    if rows < least:
        raise ValueError(None)
    return {"rows": rows, "said": "enough of them"}

def x_held__mutmut_4(rows, least):
    if rows < least:
        raise ValueError(f"{rows:,} rows are " "too few")
    return {"XXrowsXX": rows, "said": "enough of them"}

def x_held__mutmut_5(rows, least):
    if rows < least:
        raise ValueError(f"{rows:,} rows are " "too few")
    return {"rows": rows, "said": "ENOUGH OF THEM"}

class Gate:
    def xǁGateǁpasses__mutmut_orig(self, got):
        return got >= self.min

    def xǁGateǁpasses__mutmut_1(self, got):
        return got > self.min
"""


@pytest.fixture
def found(tmp_path: Path):
    """The changes of the module above."""
    (tmp_path / "source.py").write_text(SOURCE, encoding="utf-8")
    (tmp_path / "written.py").write_text(WRITTEN, encoding="utf-8")
    return changes(tmp_path / "written.py", tmp_path / "source.py")


def test_a_mutant_is_told_by_its_lines_and_where_they_stand(found):
    """In the file that people read, not in the one that mutmut wrote."""
    one, method = found["x_held__mutmut_1"], found["xǁGateǁpasses__mutmut_1"]
    assert (one.function, one.line, one.was, one.now) == ("held", 4, "if rows < least:", "if rows <= least:")
    assert (method.function, method.line, method.now) == ("Gate.passes", 10, "return got > self.min")


def test_words_for_people_are_told_from_what_programs_read(found):
    """A part of a message, or a text with a space; a key of a dictionary or a comparison is neither."""
    words = {name.rpartition("_")[2] for name, change in found.items() if change.words}
    assert words == {"2", "3", "5"}


def mutant(verdict, *, now="rows <= least", words=False):
    """A mutant of one line."""
    return Mutant("gates.py", 4, "held", "rows < least", now, verdict, words=words)


def broken(mutants, reasons=()):
    """The promises that these mutants break."""
    report = Report("")
    judge(report, mutants, Explained(dict(reasons)))
    return report.broken


@pytest.mark.parametrize("verdict", ["survived", "not covered"])
def test_a_mutant_that_no_test_notices_breaks_the_promise(verdict, capsys):
    """It is listed with what it changes, so that a test can be written."""
    assert broken([mutant(verdict)]) == [f"gates.py:4 held: a mutant is {verdict}"]
    assert "- rows < least\n  + rows <= least" in capsys.readouterr().out


def test_what_was_noticed_is_words_or_is_explained_breaks_nothing(capsys):
    """Killed, or ended for taking too long; an explanation is printed beside its mutant."""
    survivor = mutant("survived")
    assert broken([mutant("killed"), mutant("broken off"), mutant("survived", words=True)]) == []
    assert broken([survivor], {survivor.identity: "rows are never as many"}.items()) == []
    assert "= rows are never as many" in capsys.readouterr().out


def test_an_explanation_of_nothing_breaks_the_promise():
    """Where the mutant is killed after all, or is there no more; files that were not tried are left alone."""
    survivor = mutant("survived")
    reasons = {survivor.identity: "rows are never as many"}
    assert len(broken([mutant("killed")], reasons.items())) == 1
    assert broken([Mutant("parity.py", 1, "f", "a", "b", "killed")], reasons.items()) == []


def test_what_is_explained_still_stands_in_the_source():
    """An explanation is of lines that are there, and says why."""
    for (file, _, was, now), why in explained().reasons.items():
        source = "".join((ROOT / file).read_text(encoding="utf-8").split())
        assert "".join(was.split()) in source, was
        assert was != now
        assert len(why.split()) > 3


def test_every_module_and_test_of_a_group_is_there():
    """A file that was renamed is no file without mutants."""
    for group in GROUPS.values():
        assert all((ROOT / "python" / "prisml" / module).is_file() for module in group.modules)
        for test in group.tests:
            file, _, function = test.partition("::")
            assert f"def {function}" in (ROOT / file).read_text(encoding="utf-8")
