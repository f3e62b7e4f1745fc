"""Try everything, print what was found, and write ``allowed.json``; with ``--check``, say whether the stored one is what was found."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
import time
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benches.matrix.case import Case
from benches.matrix.cases import every_case
from benches.matrix.data import JUDGED
from benches.matrix.document import FILE, document_of, merged, text_of
from benches.matrix.page import PAGE, page_of
from benches.matrix.trial import Outcome, judge


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 1 where ``--check`` finds another document than the stored one."""
    parser = argparse.ArgumentParser(prog="python -m benches.matrix", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 where the stored file is another")
    parser.add_argument("--only", nargs="+", metavar="CLASS", help="try these classes alone, and leave the entries of others as they are")
    parser.add_argument("--file", type=Path, default=FILE, help="another allowed.json")
    parser.add_argument("--processes", type=int, default=min(2, os.cpu_count() or 1), metavar="N", help="how many at once (2)")
    parser.add_argument("--judged", type=int, default=JUDGED, metavar="ROWS", help=f"how many rows judge each case ({JUDGED:,})")
    options = parser.parse_args(arguments)
    names = frozenset(options.only or ())
    cases = [case for case in every_case() if not names or case.judged.name in names]
    outcomes = run(cases, processes=options.processes, judged=options.judged)
    _print(outcomes)
    found = document_of(outcomes)
    if names:
        found = merged(json.loads(options.file.read_text(encoding="utf-8")), found, names)
    text = text_of(found)
    if options.check:
        same = options.file.exists() and options.file.read_text(encoding="utf-8") == text
        print(f"{options.file.name} is {'what' if same else 'not what'} the matrix gives")
        return 0 if same else 1
    options.file.write_text(text, encoding="utf-8")
    if options.file == FILE:
        PAGE.write_text(page_of(json.loads(text)), encoding="utf-8")
    return 0


def run(cases: Sequence[Case], *, processes: int, judged: int) -> list[Outcome]:
    """The outcomes in the order of ``cases``, with a line of progress now and then."""
    started, outcomes = time.monotonic(), []
    if processes == 1:
        return [judge(case, judged=judged) for case in cases]
    # A library's own threads, left over from the parent, would stop in a child made by fork.
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        for outcome in pool.imap(partial(judge, judged=judged), cases, chunksize=2):
            outcomes.append(outcome)
            if outcome.verdict == "inexact" or len(outcomes) % 25 == 0:
                seconds = time.monotonic() - started
                print(f"{len(outcomes)}/{len(cases)} {seconds:.0f} s: {outcome.case.title}: {outcome.verdict} {outcome.reason}", flush=True)
    return outcomes


def _print(outcomes: Sequence[Outcome]) -> None:
    console = Console(width=None if sys.stdout.isatty() else 120)
    table = Table(title="What is exported exactly")
    for column in ("class", "tried", "exact", "refused", "inexact", "native", "largest difference"):
        table.add_column(column, justify="left" if column == "class" else "right")
    for name in sorted({outcome.case.judged.name for outcome in outcomes}):
        those = [outcome for outcome in outcomes if outcome.case.judged.name == name]
        counts, natively = Counter(outcome.verdict for outcome in those), sum(outcome.scorer == "native" for outcome in those)
        largest = max((outcome.difference for outcome in those), default=0.0)
        figures = (len(those), counts["exact"], counts["refused"], counts["inexact"], natively)
        table.add_row(name, *map(str, figures), f"{largest:.1e}")
    console.print(table)
    counts = Counter(outcome.verdict for outcome in outcomes)
    print(f"tried {len(outcomes)}: {counts['exact']} exact, {counts['refused']} refused, {counts['inexact']} inexact")
    for outcome in outcomes:
        if outcome.verdict != "exact":
            print(
                f"{outcome.verdict}: {outcome.case.title}: {outcome.refusal.why if outcome.refusal else outcome.reason} {outcome.reason}"[
                    :600
                ]
            )


if __name__ == "__main__":
    sys.exit(main())
