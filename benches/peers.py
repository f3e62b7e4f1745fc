"""PrisML beside what a user would pick instead: one row and batches, made-up numbers and real flights, in one run.

Contenders take turns in every block, so that ratios hold on a machine that is not quiet. All have the same fitted model (ydf one of its
own, of the same shape), and their answers are compared: who predicts something else is exit code 1. A demand that is not reached is
said, and is no failure, unless ``--strict``.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from benches.peer_data import TABLES
from benches.peer_demands import verdicts
from benches.peer_encoding import encodings
from benches.peer_models import train
from benches.peer_race import CLOCKS
from benches.peer_results import results_file, show, write
from benches.peer_runs import ALWAYS, PEERS, Effort, Results, run

MODELS = ("LR", "GB", "HGB", "LGBM", "XGB", "RF", "MLP")
QUICK_MODELS = ("LR", "GB", "HGB", "RF")
QUICK_PARAMS: dict[str, dict[str, object]] = {"GB": {"n_estimators": 10}, "HGB": {"max_iter": 10}, "RF": {"n_estimators": 10}}
SIZES = (1_000, 10_000, 100_000, 1_000_000)
QUICK_SIZES = (1_000, 10_000)
ROWS, QUICK_ROWS = (20_000, 100_000), (2_000, 2_000)
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "DAAL_NUM_THREADS"), "1")


def main(given: Sequence[str] | None = None) -> int:
    """The exit code: 1 where a contender predicts something else, or, if strict, where a demand is not reached."""
    options = _parser().parse_args(given)
    quick = options.quick
    effort = Effort(
        peers=options.peers or list(PEERS),
        blocks=5 if quick else options.blocks,
        sizes=options.sizes or (QUICK_SIZES if quick else SIZES),
        rounds=2 if quick else 5,
        enough=0.0 if quick else 0.3,
        clock=CLOCKS[options.clock],
    )
    results = Results()
    for data in options.data or TABLES:
        table = TABLES[data](*(QUICK_ROWS if quick else ROWS))
        for name in options.models or (QUICK_MODELS if quick else MODELS):
            started = time.perf_counter()
            run(results, train(name, table, params=QUICK_PARAMS.get(name) if quick else None), effort)
            print(f"{data}, {name}: {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)
        if data == "flights":
            results.encodings = encodings(table, rows=max(effort.sizes[:3]), rounds=effort.rounds, clock=effort.clock)
    found = verdicts(results)
    show(Console(width=None if sys.stdout.isatty() else 160), results, found)
    if options.json or not quick:
        write(options.json or results_file(), results, found, clock=options.clock)
    return 1 if results.wrong or (options.strict and not all(verdict.reached for verdict in found)) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to FILE, not to benches/results")
    parser.add_argument("--quick", action="store_true", help="small models, few blocks: whether it works, in about a minute")
    parser.add_argument("--strict", action="store_true", help="exit code 1 where a demand is not reached")
    parser.add_argument("--data", action="append", choices=TABLES, help="only this data set; may be given again")
    parser.add_argument("--models", nargs="+", choices=MODELS, help=f"only these ({', '.join(MODELS)})")
    parser.add_argument("--peers", nargs="+", choices=PEERS, help=f"only these; always installed are {' and '.join(ALWAYS)}")
    parser.add_argument("--sizes", nargs="+", type=int, metavar="ROWS", help="only batches of so many rows")
    parser.add_argument("--blocks", type=int, default=50, help="how many blocks of single rows (50)")
    parser.add_argument("--clock", choices=CLOCKS, default="wall", help="cpu: the time at work, for a machine that others use too")
    return parser


def alone(given: Sequence[str]) -> int:
    """The exit code of the race in a process of one thread, which libraries read from the environment when they are loaded."""
    command = [sys.executable, "-m", "benches.peers", *given]
    return subprocess.run(command, env={**os.environ, **_ONE_THREAD}, check=False).returncode


if __name__ == "__main__":
    is_alone = all(os.environ.get(name) == value for name, value in _ONE_THREAD.items())
    sys.exit(main() if is_alone else alone(sys.argv[1:]))
