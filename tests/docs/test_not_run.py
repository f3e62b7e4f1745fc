"""What the documentation shows and the harness does not run."""

from __future__ import annotations

from tests.docs.blocks import ROOT, name_of, pages, read

# What runs in no test: another machine, a service, half an hour.
AT_MOST = 12


def test_few_blocks_are_not_run_and_each_says_why():
    """Hardly any snippet is left out, and each that is gives its reason in a sentence."""
    left_out = [(name_of(path), block.notes["not run"]) for path in pages() for block in read(path).not_run]
    assert len(left_out) <= AT_MOST, left_out
    assert [each for each in left_out if len(each[1].split()) < 4] == []


def test_what_another_test_runs_is_read_by_that_test():
    """A block that a test of its own runs names that test, which reads the page."""
    named = [(path, block.notes["run by"]) for path in pages() for block in read(path).blocks if "run by" in block.notes]
    assert named
    assert [each for each in named if f'"{each[0].name}"' not in (ROOT / each[1]).read_text(encoding="utf-8")] == []
