"""A process that moves the registry when it is told to, and one that says when it first predicts with another version."""

from __future__ import annotations

import multiprocessing
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection

import prisml
from benches.swap_models import NAME, Row
from benches.swap_plan import Move
from prisml import Engine, Registry

PATIENCE_S = 60.0
LOOK_S = 0.0005
SETTLE_S = 1.0
SPAWN = multiprocessing.get_context("spawn")


@contextmanager
def mover(url: str, moves: Sequence[Move]) -> Iterator[Connection]:
    """A pipe to a process that makes one move for each message, and answers with the moment before it and the log's position after it."""
    with _process(_move, url, list(moves)) as pipe:
        receive(pipe)
        yield pipe


def drive(pipe: Connection, engine: Engine, moves: Sequence[Move]) -> list[float]:
    """Have every move made, each once ``engine`` serves the one before it; the seconds from each to the engine's swap."""
    taken: list[float] = []
    for _ in moves:
        pipe.send("go")
        begun, position = receive(pipe)
        wait_for(engine, position)
        taken.append((time.monotonic_ns() - begun) / 1e9)
    return taken


def delays(url: str, versions: Sequence[int], row: Row, seed: int) -> list[float]:
    """The seconds from the call of ``activate`` here to the first prediction by each of ``versions`` in another process."""
    source, registry, taken = random.Random(seed), Registry(url), []  # noqa: S311
    with _process(_predict_on, url, row) as pipe:
        receive(pipe)
        # The thread that follows listens from its first look on.
        time.sleep(SETTLE_S)
        for version in versions:
            time.sleep(source.uniform(0.0, prisml.serving.loading.REFRESH_SECONDS))
            begun = time.monotonic_ns()
            registry.activate(NAME, version)
            seen, first = receive(pipe)
            if seen != version:
                raise RuntimeError(f"version {seen} was predicted with, and not {version}")
            taken.append((first - begun) / 1e9)
        pipe.send("stop")
    return taken


def wait_for(engine: Engine, position: int) -> None:
    """Return when ``engine`` serves what the log says at ``position``; ``TimeoutError`` where it does not follow."""
    deadline = time.monotonic() + PATIENCE_S
    while engine.deployed.position != position:
        if time.monotonic() > deadline:
            raise TimeoutError(f"the engine did not follow to entry {position} of the log: {engine.health().problem}")
        time.sleep(LOOK_S)


def receive(pipe: Connection) -> tuple[int, int]:
    """What the process has to say; ``TimeoutError`` where it says nothing."""
    if not pipe.poll(PATIENCE_S):
        raise TimeoutError("the other process did not answer")
    first, second = pipe.recv()
    return int(first), int(second)


@contextmanager
def _process(target: object, *given: object) -> Iterator[Connection]:
    here, there = SPAWN.Pipe()
    process = SPAWN.Process(target=target, args=(*given, there), daemon=True)  # type: ignore[arg-type]
    process.start()
    there.close()
    try:
        yield here
    finally:
        here.close()
        process.join(PATIENCE_S)


def _move(url: str, moves: Sequence[Move], pipe: Connection) -> None:
    registry = Registry(url)
    position = registry.deployment(NAME).position
    pipe.send((time.monotonic_ns(), position))
    for move in moves:
        try:
            pipe.recv()
        except EOFError:
            return
        begun = time.monotonic_ns()
        move.make(registry)
        position += 1
        pipe.send((begun, position))


def _predict_on(url: str, row: Row, pipe: Connection) -> None:
    engine = prisml.load(NAME, registry=url)
    served = engine.predict(row).version
    pipe.send((served, time.monotonic_ns()))
    while not pipe.poll():
        found = engine.predict(row).version
        if found != served:
            pipe.send((found, time.monotonic_ns()))
            served = found
        time.sleep(LOOK_S)
    engine.close()
