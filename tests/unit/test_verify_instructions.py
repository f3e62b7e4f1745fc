"""What ``make verify-instructions`` makes of figures: more instructions than were kept are seen, whatever machine counts them."""

from __future__ import annotations

import pytest

from benches.report import Report
from benches.verify_instructions import collected, compare

TOOLS = {"rustc": "rustc 1.95.0", "valgrind": "valgrind-3.19.0"}
KEPT = {"made_by": TOOLS, "instructions_for_a_row": {"encoding": 100.0, "trees": 1_000.0}}


def broken(found: dict[str, float], kept: dict | None = KEPT, tools: dict[str, str] = TOOLS) -> list[str]:
    """The promises that these figures break."""
    report = Report("")
    compare(report, found, tools, kept)
    return report.broken


def test_as_many_or_fewer_instructions_break_nothing():
    """What takes as long as before within the tolerance, or less, is as it should be, and so is a new path."""
    assert broken({"encoding": 102.9, "trees": 500.0, "new": 7.0}) == []


def test_more_instructions_are_named():
    """A path that takes more than the tolerance above what was kept is named with its change."""
    assert broken({"encoding": 104.0, "trees": 1_000.0}) == ["encoding: +4.0% instructions, at most +3%"]


def test_a_path_that_is_gone_is_named():
    """A path that is no longer counted, since its model is not scored natively any more, passes no silent check."""
    assert broken({"encoding": 100.0}) == ["trees is still there"]


def test_another_compiler_is_only_told(capsys: pytest.CaptureFixture[str]):
    """Figures of other tools are shown and judge nothing; the way out is to keep new ones."""
    assert broken({"encoding": 200.0, "trees": 1_000.0}, tools=TOOLS | {"rustc": "rustc 1.96.0"}) == []
    assert "rustc 1.96.0" in capsys.readouterr().out


def test_no_kept_figures_pass_no_check():
    """Where nothing was kept yet, the campaign says how to keep something instead of passing."""
    assert broken({"encoding": 1.0}, kept=None) == ["there are kept figures: run it with --update once, which writes instructions.json"]


def test_a_count_of_nothing_is_an_error():
    """Callgrind that never entered the function counts 0, which is no figure."""
    assert collected("==1== Collected : 15688481\n") == 15_688_481
    with pytest.raises(RuntimeError, match="counted nothing"):
        collected("==1== Collected : 0\n")
