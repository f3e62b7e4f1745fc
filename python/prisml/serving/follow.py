"""Following: one thread for each registry asks whether logs have grown, and has the engines concerned look.

Across a fork the thread ends and begins again: the fork waits until it sleeps, so that the child inherits no lock of its work, and
the child starts one of its own on a connection of its own.
"""

from __future__ import annotations

import atexit
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary, WeakSet

from prisml.errors import PrisMLError, RegistryError
from prisml.logs import REACHABLE, REFUSED, UNREACHABLE, Event, record

if TYPE_CHECKING:
    from prisml.registry.log import Mark
    from prisml.registry.registry import Registry
    from prisml.registry.watch import Watch
    from prisml.serving.followed import Followed

RETRY_SECONDS = 30.0
"""How long a version that cannot be served here is not tried again."""

_FORK_WAITS_SECONDS = 2.0
_EXIT_WAITS_SECONDS = 1.0


class Follower:
    """Keeps engines as one registry says, from a daemon thread that lives while there are any."""

    def __init__(self, watch: Watch, refresh: float) -> None:
        self.place = watch.identity, refresh
        self._watch = watch
        self._refresh = refresh
        self._failed: WeakKeyDictionary[Followed, tuple[Mark | None, float]] = WeakKeyDictionary()
        self._ending = False
        self.engines: WeakSet[Followed] = WeakSet()
        self._prepare()

    def _prepare(self) -> None:
        self.busy = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="prisml-follow", daemon=True)
        self._wake_up, self._wake = socket.socketpair()
        # Whoever wakes a thread that waits for its database must not wait for it too.
        self._wake_up.setblocking(False)

    def start(self) -> None:
        """Let the thread run."""
        self._thread.start()

    def wake(self) -> None:
        """Let the thread look now."""
        # It is awake where its socket is full, and has ended where that is closed.
        with suppress(OSError):
            self._wake_up.send(b"!")

    def end(self) -> None:
        """Let the thread end, and wait a moment for it."""
        self._ending = True
        self.wake()
        self._thread.join(_EXIT_WAITS_SECONDS)

    def after_fork(self) -> None:
        """In a forked child: begin anew, with nothing that the parent's thread may have held."""
        self._close_sockets()
        self._watch.forget()
        self._prepare()
        # An interpreter that is about to end starts no thread any more.
        with suppress(RuntimeError):
            self.start()

    def _run(self) -> None:
        while True:
            with self.busy:
                engines = self._living()
                if not engines:
                    return
                self._look(engines)
                del engines
            try:
                self._watch.wait(self._refresh, self._wake)
            except Exception:  # noqa: BLE001 -- As below: no file descriptor may be free at this moment.
                self._watch.close()
                time.sleep(min(self._refresh, _EXIT_WAITS_SECONDS / 2))

    def _living(self) -> list[Followed]:
        """The engines that are still there; without any, this follower is over."""
        with _locked() as known:
            engines = [] if self._ending else [engine for engine in self.engines if engine.followed]
            if not engines:
                known.by_place.pop(self.place, None)
                self._watch.close()
                self._close_sockets()
            return engines

    def _close_sockets(self) -> None:
        for end in (self._wake_up, self._wake):
            end.close()

    def _look(self, engines: list[Followed]) -> None:
        try:
            marks = self._watch.marks({engine.model for engine in engines})
        except PrisMLError as error:
            for engine in engines:
                _say(engine, UNREACHABLE, error.message)
            return
        except Exception as error:  # noqa: BLE001 -- Following must outlive whatever a driver raises; it is told, and tried again.
            for engine in engines:
                _say(engine, UNREACHABLE, f"The registry cannot be asked: {type(error).__name__}.")
            return
        for engine in engines:
            if engine.followed:
                self._catch_up(engine, marks.get(engine.model))

    def _catch_up(self, engine: Followed, mark: Mark | None) -> None:
        if mark is not None and mark == engine.deployed.mark:
            _answers(engine)
            return
        failed_at, retry = self._failed.get(engine, (None, 0.0))
        if retry and failed_at == mark and time.monotonic() < retry:
            return
        self._failed.pop(engine, None)
        try:
            engine.catch_up()
        except RegistryError as error:
            _say(engine, UNREACHABLE, error.message)
        except PrisMLError as error:
            self._failed[engine] = mark, time.monotonic() + RETRY_SECONDS
            _say(engine, REFUSED, error.message)
        except Exception as error:  # noqa: BLE001 -- As above.
            self._failed[engine] = mark, time.monotonic() + RETRY_SECONDS
            _say(engine, REFUSED, f"What the registry says cannot be served here: {type(error).__name__}.")


def _say(engine: Followed, event: Event, problem: str) -> None:
    """Keep what stands between the engine and its registry, and log it once."""
    if engine.told != problem:
        record(event, model=engine.model, version=engine.deployed.number, problem=problem)
    engine.told = problem
    engine.noticed(problem)


def _answers(engine: Followed) -> None:
    """Keep that the registry answered, and log it where it had not."""
    if engine.told is not None:
        record(REACHABLE, model=engine.model, version=engine.deployed.number)
    engine.told = None
    engine.noticed(None)


class _Held(threading.local):
    """The locks that a thread which forks holds meanwhile; several may fork at once."""

    def __init__(self) -> None:
        self.locks: list[threading.Lock] = []


class _Followers:
    """All followers of this process, and all engines that have a registry."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.by_place: dict[tuple[object, float], Follower] = {}
        self.engines: WeakSet[Followed] = WeakSet()
        self.held = _Held()

    def before_fork(self) -> None:
        """Wait until no thread is at work; not for ever, since a database may not answer."""
        deadline = time.monotonic() + _FORK_WAITS_SECONDS
        for lock in (*(follower.busy for follower in list(self.by_place.values())), self.lock):
            if lock.acquire(timeout=max(0.0, deadline - time.monotonic())):
                self.held.locks.append(lock)

    def in_parent(self) -> None:
        """Let the threads go on."""
        while self.held.locks:
            self.held.locks.pop().release()

    def in_child(self) -> None:
        """Begin anew."""
        self.held.locks.clear()
        self.lock = threading.Lock()
        for engine in list(self.engines):
            engine.after_fork()
        # A list: a follower that has nothing to follow any more takes itself away at once.
        for follower in list(self.by_place.values()):
            follower.after_fork()

    def at_exit(self) -> None:
        """End the threads before the interpreter does: one that is in the middle of a query then could not go on."""
        for follower in list(self.by_place.values()):
            # A child that was forked late could not start its thread.
            with suppress(RuntimeError):
                follower.end()


_followers = _Followers()
atexit.register(_followers.at_exit)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_followers.before_fork, after_in_parent=_followers.in_parent, after_in_child=_followers.in_child)


@contextmanager
def _locked() -> Iterator[_Followers]:
    with _followers.lock:
        yield _followers


def follow(engine: Followed, registry: Registry, refresh: float | None) -> None:
    """Keep ``engine`` as ``registry`` says, looking each ``refresh`` seconds; None: only its locks are seen to across forks."""
    watch = registry.watch()
    with _locked() as known:
        known.engines.add(engine)
        if refresh is None or not watch.is_apart:
            return
        engine.followed = True
        place = watch.identity, refresh
        if place in known.by_place:
            known.by_place[place].engines.add(engine)
            # It may have looked since the engine was read.
            known.by_place[place].wake()
            return
        follower = Follower(watch, refresh)
        follower.engines.add(engine)
        follower.start()
        known.by_place[place] = follower


def unfollow(engine: Followed) -> None:
    """Leave ``engine`` as it is from now on."""
    # Without the lock: a finalizer may close an engine in the middle of anything, while its own thread holds the lock too.
    engine.followed = False
    for follower in list(_followers.by_place.values()):
        if engine in follower.engines:
            follower.wake()
