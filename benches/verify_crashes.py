"""Publishers and database servers killed with SIGKILL in the middle of a write, and what is left of the registry.

Two publishers at once, each a process of its own, publish, activate, roll back, experiment and prune; one or both are killed, nine in ten
at a moment that is uniform over the write: from when they hold the lock until just after COMMIT. After each pair the registry is opened,
every new version read, what serves loaded and asked, and the log followed; a process that was there before predicts all the while. Then
kills while the tables are made and while an older registry is upgraded, and kills of the server itself, with fsync on.

A kill is no loss of power: what a process has handed to the operating system is still written. That the registry survives the loss of
power rests on the databases' own promises, with SQLite in ``synchronous=FULL``; it is not shown here.
"""

from __future__ import annotations

import os
import sys

# One thread, before NumPy is imported: a process is forked that has no other.
os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

from benches.crash_checks import Found, Survived
from benches.crash_publishers import Campaign, Killed
from benches.crash_servers import DURABLE, Crashed, Crashes
from benches.crash_starts import Begun, FirstPublish, Upgrade, begin
from benches.crash_writers import Phase
from benches.databases import DATABASES, lent, lent_by, named, started
from benches.report import Report, arguments

KILLS = 1_000
PROMPT_S = 10.0
"""How long a write may take at most while others die beside it, on a busy machine."""
FEW = 10
"""So few looks may be over before a process beside has followed."""
WRITE = range(Phase.HOLDING, Phase.DONE)


def main() -> int:
    """The exit code: 1 where a promise is broken."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--kills", type=int, default=KILLS, help="publishers to kill on each database; a tenth of it at its beginning")
    parser.add_argument("--crashes", type=int, default=30, help="how often to kill each server")
    parser.add_argument("--databases", nargs="+", choices=DATABASES, default=DATABASES, help="which databases")
    parser.add_argument("--url", help="an empty database to use in place of one that is started here; no server is killed")
    parser.add_argument("--seed", type=int, default=1, help="of the moments, and of what the publishers do")
    options = parser.parse_args()
    reports = {
        "kills": Report("Two publishers, killed in the middle of writes"),
        "moments": Report("The statement they had begun when they were killed, beside where undisturbed writes spend their time"),
        "tenths": Report("In which tenth of what such a write usually takes they were killed"),
        "starts": Report("Killed while the registry begins"),
        "servers": Report("The server killed while two publishers write, with fsync on"),
    }
    databases = named(options.url, tuple(options.databases))
    for database in databases if options.kills else ():
        with lent(database, options.url) as url:
            for start, what in ((FirstPublish(url), "the first publisher"), (Upgrade(url), "an upgrade from schema 1")):
                show_start(reports["starts"], database, begin(start, what, max(options.kills // 10, 1), options.seed))
            FirstPublish(url).prepare()
            killed = Campaign(url, options.kills, options.seed).run()
        show_kills(reports["kills"], database, killed)
        show_moments(reports["moments"], reports["tenths"], database, killed)
    for database in databases if options.url is None and options.crashes else ():
        if database in DURABLE:
            with started(DURABLE[database]) as server, lent_by(server) as url:
                show_crashes(reports["servers"], database, Crashes(server, url, options.seed).run(options.crashes))
    shown = {name: report for name, report in reports.items() if report.rows}
    return max(report.finish(options.json and options.json.with_stem(f"{options.json.stem}-{name}")) for name, report in shown.items())


def show_kills(report: Report, database: str, killed: Killed) -> None:
    """A line of what the kills of publishers have left, and its promises."""
    orphans = (len(killed.before.orphans), len(killed.after.orphans)) if killed.before and killed.after else (0, 1)
    report.add(
        database=database,
        killed=killed.kills,
        looks=killed.found.looks,
        **wrong(killed.found),
        **beside(killed.survived),
        refused=killed.refused,
        failed=len(killed.failed),
        slowest_write_s=killed.longest,
        versions=killed.after.versions if killed.after else 0,
        problems=len(killed.after.problems) if killed.after else 1,
        orphans=orphans[0],
        orphans_after_repair=orphans[1],
        seconds=killed.seconds,
    )
    expect_whole(report, database, killed.found, killed.survived, killed.failed)
    report.expect(f"{database}: no orphan is left after the repair", kept=orphans[1] == 0)
    report.expect(f"{database}: verify finds no problem", kept=killed.after is not None and not killed.after.problems)
    report.expect(f"{database}: every write is done within {PROMPT_S:.0f} s", kept=killed.longest < PROMPT_S)


def show_moments(moments: Report, tenths: Report, database: str, killed: Killed) -> None:
    """Where the kills fell: by the statement, and by the tenth of the time that such a write usually takes."""
    within = sum(killed.phases[Phase(phase)] for phase in WRITE)
    spent = sum(killed.spent[Phase(phase)] for phase in WRITE)
    for phase in Phase:
        kills = killed.phases[phase]
        if kills + killed.early[phase]:
            shares = (kills / within, killed.spent[phase] / spent) if phase in WRITE else (None, None)
            moments.add(
                database=database,
                statement=phase.said,
                kills=kills,
                share_of_kills=shares[0],
                share_of_time=shares[1],
                kills_drawn_from_the_opening=killed.early[phase],
            )
    each = [killed.tenths[tenth] for tenth in range(10)]
    tenths.add(database=database, **{f"{tenth + 1}": kills for tenth, kills in enumerate(each)}, beyond=killed.tenths[10])
    if killed.kills >= KILLS:
        fair = sum(each) / 10
        kept = min(each) > 0.6 * fair and max(each) < 1.4 * fair
        moments.expect(f"{database}: the moments are uniform over the write", kept=kept)
        reached = all(
            killed.phases[phase] for phase in (Phase.READING, Phase.BLOBS, Phase.VERSIONS, Phase.LOG, Phase.READING_ON, Phase.COMMIT)
        )
        moments.expect(f"{database}: every statement of the write was met", kept=reached)


def show_start(report: Report, database: str, begun: Begun) -> None:
    """A line of what the kills at the beginning have left."""
    phases = ", ".join(f"{phase.said} {kills}" for phase, kills in sorted(begun.phases.items()))
    report.add(database=database, what=begun.what, killed=begun.kills, broken=len(begun.failed), statements=phases)
    report.expect(f"{database}: {begun.what} may die: {begun.failed[:3]}", kept=not begun.failed)


def show_crashes(report: Report, database: str, crashed: Crashed) -> None:
    """A line of what the kills of a server have left."""
    report.add(
        database=database,
        crashes=crashed.crashes,
        acknowledged=crashed.acknowledged,
        **wrong(crashed.found),
        **beside(crashed.survived),
        failed=len(crashed.failed),
        slowest_start_s=crashed.longest_start,
        problems=len(crashed.after.problems) if crashed.after else 1,
        orphans_after_repair=len(crashed.after.orphans) if crashed.after else 1,
    )
    expect_whole(report, database, crashed.found, crashed.survived, crashed.failed)
    sound = crashed.after is not None and not crashed.after.problems and not crashed.after.orphans
    report.expect(f"{database}: verify finds no problem, and no orphan after the repair", kept=sound)


def wrong(found: Found) -> dict[str, int]:
    """The counts that must be 0."""
    return {"not_open": found.not_open, "not_loading": found.not_loading, "half": found.half, "log_broken": found.log, "lost": found.lost}


def beside(survived: Survived) -> dict[str, int]:
    """What the process beside saw."""
    return {"predictions_beside": survived.predictions, "wrong_beside": survived.wrong + survived.errors}


def expect_whole(report: Report, database: str, found: Found, survived: Survived, failed: list[str]) -> None:
    """The promises that hold for every kill."""
    broken = sum(wrong(found).values())
    report.expect(f"{database}: the registry is whole whoever died: {found.examples}", kept=broken == 0)
    followed = survived.versions > 1 or found.looks < FEW
    sane = survived.wrong + survived.errors == 0 and survived.predictions > 0 and followed
    report.expect(f"{database}: who predicted before predicts on: {survived}", kept=sane)
    report.expect(f"{database}: who was not killed ends well: {failed[:3]}", kept=not failed)


if __name__ == "__main__":
    sys.exit(main())
