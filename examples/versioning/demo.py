"""From one version to a better one, and back from a bad one: ``python -m examples.versioning.demo [CUSTOMERS] [PROCESSES]``."""

from __future__ import annotations

import subprocess
import sys
import time

from rich.table import Table
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

import prisml
from examples.console import console, run, say
from examples.versioning.load import CUSTOMERS, DATABASE
from examples.versioning.load import main as load
from examples.versioning.results import close, difference, results

PROCESSES = 3
REGISTRY = "sqlite:///.prisml/registry.db"


def main(arguments: list[str]) -> int:
    """The exit code: 0, or that of the command that failed."""
    started = time.perf_counter()
    say("1. Load the customers of CDNOW, and train a first version. It serves.")
    customers, processes = map(int, (arguments + [str(CUSTOMERS), str(PROCESSES)][len(arguments) :])[:2])
    load([DATABASE, str(customers)])
    train = ["prisml", "train", "--database", DATABASE]
    if code := run([*train, "examples.versioning.ml:first"]):
        return code
    say("2. A second version, with more features and trees, is published; the first serves on.")
    if code := run([*train, "examples.versioning.ml:second", "--no-activate"]) or run(["prisml", "compare", "churn", "1", "2"]):
        return code
    say("3. A tenth of the customers for the second. Three processes of two threads serve, and keep what they said.")
    # The salt is given so that the figures are those of the README; without it, it is made up.
    named = ["--name", "spring", "--salt", "spring-1998", "--why", "does it know more?"]
    if code := run(["prisml", "experiment", "start", "churn", "1=0.9", "2=0.1", *named]):
        return code
    _wave("a tenth", processes)
    say("4. A tenth is seldom enough to tell. Half of the customers, from Python this time:")
    console.print('>>> prisml.Registry("sqlite:///.prisml/registry.db").experiments.ramp("churn", {1: 0.5, 2: 0.5})', highlight=False)
    prisml.Registry(REGISTRY).experiments.ramp("churn", {1: 0.5, 2: 0.5}, why="a tenth went well")
    _wave("a half", processes)
    say("5. The second serves everybody.")
    if code := run(["prisml", "experiment", "promote", "churn", "2", "--why", "lower Brier score"]):
        return code
    say("6. A bad version: it has no gate that compares it, so nothing holds it back.")
    if code := run([*train, "examples.versioning.ml:third"]):
        return code
    _wave("after a mistake", 1)
    say("7. Back, in one transaction; every process follows within two seconds.")
    if code := run(["prisml", "rollback", "churn", "--why", "worse than what it replaced"]):
        return code
    say("8. What served when, and why.")
    if code := run(["prisml", "history", "churn"]):
        return code
    say(f"Done in {time.perf_counter() - started:.0f} s. The letters are in {DATABASE}, the versions are in .prisml/registry.db.")
    return 0


def _wave(wave: str, processes: int) -> None:
    """Serves every customer, in so many processes at once; 90 days later, shows what came of it."""
    command = [sys.executable, "-m", "examples.versioning.serve", wave]
    started = [subprocess.Popen([*command, str(part), str(processes)]) for part in range(processes)]
    codes = [process.wait() for process in started]
    if any(codes):
        raise SystemExit(max(codes))
    table = Table("variant", "version", "customers", "said", "churned", "Brier score", title=f"{wave}, 90 days later")
    with Session(create_engine(DATABASE)) as session:
        close(session, wave)
        found = results(session, wave)
        for each in found:
            table.add_row(
                each.variant or "-",
                str(each.version),
                f"{each.letters:,}",
                f"{each.predicted:.1%}",
                f"{each.churned:.1%}",
                f"{each.brier:.4f} ± {each.either_way:.4f}",
            )
    console.print(table)
    if len(found) == 2:
        lower, either_way = difference(*found)
        sure = "beyond chance" if lower > either_way else "within chance"
        console.print(f"The second's Brier score is lower by {lower:.4f} ± {either_way:.4f}: {sure}.", highlight=False)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
