"""The FastAPI example under load with two workers, while another process activates and takes back a version every few seconds.

wrk asks for one customer after another through 16 connections and judges each answer: the status, the customer's id, and that the
probability is the one which the version that the answer names gives for this customer. Beside it the same endpoint without swaps, and the
same query without a prediction. The exit code is 1 where a request was not answered rightly, or where a worker did not follow a swap.
Without wrk (Debian's package ``wrk``) a few threads of Python ask instead: the judgement is the same, the speed is that of Python.

Load and service share the machine. wrk waits for an answer before it asks again: its latencies are those of a busy service, not of one
that a visitor finds idle.
"""

from __future__ import annotations

import http.client
import importlib.util
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from benches.report import Report, arguments
from benches.web_load import PLAIN, PREDICTED, Load, Right, by_python, by_wrk, has_wrk
from benches.web_swaps import Swaps, delays
from examples.fastapi.load import load
from examples.fastapi.ml import churn
from examples.fastapi.models import TODAY, Customer
from prisml import Engine, Registry, define_model
from prisml.extraction.stream import extract
from prisml.training.fit import fit

SECONDS = 60.0
EVERY = 5.0
WORKERS = 2
ASKED = 1_000
PATIENCE_S = 60.0

slower = define_model(
    Customer,
    output=churn.output,
    label=Customer.churned,
    features=dict(churn.features),
    split=churn.split,
    params={"learning_rate": 0.05},
    name="churn",
)
"""The second version: the same definition, fitted with smaller steps."""

Ask = Callable[[int, str, Right, float, Path], Load]


def main() -> int:
    """The exit code: 1 where a promise is broken."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="how long the load with swaps lasts; the others take a third of it")
    parser.add_argument("--every", type=float, default=EVERY, help="the seconds between two swaps")
    parser.add_argument("--customers", type=int, help="load and train on so many of the 23,570 customers")
    parser.add_argument("--database", help="a URL for customers and registry in place of SQLite files; its tables are overwritten")
    parser.add_argument("--client", choices=["wrk", "python"], default="wrk" if has_wrk() else "python", help="what asks")
    options = parser.parse_args()
    if options.client == "python":
        print("Threads of Python ask. For figures of speed install wrk (Debian package wrk).", file=sys.stderr)
    ask: Ask = by_wrk if options.client == "wrk" else by_python
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        database = options.database or f"sqlite:///{folder / 'shop.db'}"
        registry = options.database or f"sqlite:///{folder / 'registry.db'}"
        right = _prepare(database, registry, options.customers)
        loop = "uvloop" if importlib.util.find_spec("uvloop") else "asyncio"
        report = Report(f"FastAPI, {WORKERS} workers of uvicorn ({loop}), {database.partition(':')[0]}, asked by {options.client}")
        with _serving(database, registry, folder) as (port, workers):
            for path in (PLAIN, PREDICTED):
                loaded = ask(port, path, right, options.seconds / 3, folder)
                _judge(report, "the query alone" if path == PLAIN else "with the prediction", loaded)
            with Swaps(registry, options.every, options.seconds) as swaps:
                loaded = ask(port, PREDICTED, right, options.seconds, folder)
            _judge(report, "and swaps meanwhile", loaded, swaps, workers)
    return report.finish(options.json)


def _judge(report: Report, way: str, loaded: Load, swaps: Swaps | None = None, workers: frozenset[int] = frozenset()) -> None:
    """A line of the report."""
    made = swaps.made() if swaps else []
    took = delays(made, loaded.changes, workers)
    slowest = [max((delay for delay in each if delay is not None), default=None) for each in took.values()]
    report.add(
        way=way,
        requests=loaded.requests,
        requests_per_second=loaded.requests / loaded.seconds,
        errors=loaded.errors,
        p50_ms=loaded.p50 * 1e3,
        p99_ms=loaded.p99 * 1e3,
        versions_seen=", ".join(map(str, sorted({change.version for change in loaded.changes}))),
        swaps=len(made) if swaps else None,
        slowest_to_follow_s=" and ".join("never" if delay is None else f"{delay:.2f}" for delay in slowest),
    )
    told = f"; {dict(loaded.statuses)} {loaded.example[:300]}" if loaded.errors else ""
    report.expect(f"{way}: every request is answered rightly{told}", kept=loaded.requests > 0 and loaded.errors == 0)
    if swaps:
        report.expect(f"{way}: every command succeeds; {'; '.join(swaps.failed)}", kept=not swaps.failed)
        missed = sum(delay is None for each in took.values() for delay in each)
        report.expect(f"{way}: every worker follows every swap; {missed} were not seen", kept=len(made) >= 2 and missed == 0)


def _prepare(database: str, registry: str, customers: int | None) -> Right:
    """Data and two versions, of which the first serves, and what each of them must answer."""
    source, published = create_engine(database), Registry(registry)
    load(source, customers=customers)
    engines = {}
    for definition, serve in ((churn, True), (slower, False)):
        artifact = fit(definition, extract(definition, source)).artifact
        version = published.publish(artifact, activate=serve)
        engines[version.number] = Engine.from_artifact(artifact)
    published.activate("churn", 1)
    with Session(source) as session:
        rows = session.scalars(select(Customer).where(Customer.day == TODAY).order_by(Customer.id).limit(ASKED)).all()
        right = {
            (row.id, number): value
            for number, engine in engines.items()
            for row, value in zip(rows, engine.predict_many(rows).values.tolist(), strict=True)
        }
    source.dispose()
    return right


@contextmanager
def _serving(database: str, registry: str, folder: Path) -> Iterator[tuple[int, frozenset[int]]]:
    """The port of the running service, and its workers' numbers."""
    port, log = _free_port(), folder / "service.log"
    command = [sys.executable, "-m", "uvicorn", "benches.web_app:served", "--workers", str(WORKERS), "--port", str(port), "--no-access-log"]
    environment: Mapping[str, str] = {**os.environ, "DATABASE_URL": database, "PRISML_REGISTRY": registry}
    with log.open("wb") as out:
        process = subprocess.Popen(command, env=environment, stdout=out, stderr=out)
    try:
        yield port, _workers(port, process, log)
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


def _workers(port: int, process: subprocess.Popen[bytes], log: Path) -> frozenset[int]:
    """The numbers of the workers, once all answer."""
    end, found = time.monotonic() + PATIENCE_S, set[int]()
    while len(found) < WORKERS:
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"The service does not start: {log.read_text(encoding='utf-8')[-2000:]}")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
        try:
            connection.request("GET", "/health")
            answer = connection.getresponse()
            found.add(int(answer.getheader("x-worker") or 0))
        except OSError:
            time.sleep(0.1)
        finally:
            connection.close()
    return frozenset(found)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


if __name__ == "__main__":
    sys.exit(main())
