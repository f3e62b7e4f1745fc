"""What engines do when everything happens at once: threads, swaps, event loops, forks, workers, and a million calls.

``latency``: eight threads predict single rows while another process activates a version ten times a second; each value must be exactly
that of the version which the answer names. ``loop``: how long an event loop is held up while ``apredict_many`` predicts. ``memory``: what
a process keeps after a million calls of 1 to 10,000 rows. ``forks``: children of a process whose threads predict and load. ``workers``:
gunicorn with ``--preload`` under load, then told to stop. The exit code is 1 where a promise is broken.
"""

from __future__ import annotations

import sys

from threadpoolctl import threadpool_limits

from benches import stress_forks, stress_latency, stress_loop, stress_memory, stress_workers
from benches.databases import DATABASES
from benches.report import Report, arguments
from benches.stress_models import KINDS

PARTS = {
    "latency": f"{stress_latency.THREADS} threads predict one row at a time while a version is activated each tenth of a second",
    "loop": "How long an event loop is held up by apredict_many",
    "memory": "Resident memory under calls of 1 to 10,000 rows",
    "forks": "Children of a process whose three threads predict and load",
    "workers": "gunicorn --preload under load, then SIGTERM",
}


def main() -> int:
    """The exit code: 1 where a promise is broken."""
    parser = arguments(__doc__ or "")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"which parts: {', '.join(PARTS)} (all)")
    parser.add_argument("--models", nargs="+", choices=KINDS, default=KINDS, help="which models (all)")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long threads predict under swaps, each way of asking")
    parser.add_argument("--database", choices=DATABASES, default="sqlite", help="where the registry of that is")
    parser.add_argument("--rows", type=int, default=100_000, help="the rows of apredict_many")
    parser.add_argument("--calls", type=int, default=1_000_000, help="the calls of the part about memory")
    parser.add_argument("--forks", type=int, default=1_000, help="the children of each model")
    parser.add_argument("--load-seconds", type=float, default=10.0, help="how long gunicorn is asked")
    options = parser.parse_args()
    chosen = options.parts or list(PARTS)
    if unknown := set(chosen) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    codes = []
    for part in chosen:
        report = Report(PARTS[part])
        for kind in options.models:
            with threadpool_limits(limits=1):
                if part == "latency":
                    stress_latency.show(report, kind, options.database, options.seconds)
                elif part == "loop":
                    stress_loop.show(report, kind, options.rows)
                elif part == "memory":
                    stress_memory.show(report, kind, options.calls)
                elif part == "forks":
                    stress_forks.show(report, kind, options.forks)
                else:
                    stress_workers.show(report, kind, options.load_seconds)
        codes.append(report.finish(options.json and options.json.with_stem(f"{options.json.stem}-{part}")))
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
