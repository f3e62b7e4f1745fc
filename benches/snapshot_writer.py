"""A process that writes to the shop until its stdin is closed, and then says how long it had to wait at most."""

from __future__ import annotations

import json
import random
import select as selecting
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, create_engine, delete, insert, select, update

from benches.snapshot_shop import BALANCE, REGIONS, Holder, Order, Region, State

PAUSE_S = 0.001
KEYS = 10_000_000


@dataclass
class Written:
    """How many transactions were committed, and the seconds that the slowest of them took."""

    commits: int = 0
    longest: float = 0.0


class Writer:
    """Changes the shop in transactions that keep its sums and counts true."""

    def __init__(self, keys: list[int]) -> None:
        self._keys = keys
        self._random = random.Random(7)  # noqa: S311
        self.acts: tuple[Callable[[Connection], None], ...] = (self._pay, self._order, self._arrive, self._leave, self._move, self._note)

    def write(self, connection: Connection) -> None:
        """One transaction's statements: the state's number first, so that the lock is taken before anything is read."""
        connection.execute(update(State).values(number=State.number + 1))
        number = connection.execute(select(State.number)).scalar_one()
        connection.execute(update(Region).values(number=number))
        for act in self._random.sample(self.acts, 3):
            act(connection)

    def _pay(self, connection: Connection) -> None:
        giver, taker = self._random.sample(self._keys, 2)
        amount = self._random.randint(1, 50)
        connection.execute(update(Holder).where(Holder.id == giver).values(balance=Holder.balance - amount))
        connection.execute(update(Holder).where(Holder.id == taker).values(balance=Holder.balance + amount))

    def _order(self, connection: Connection) -> None:
        key, amount = self._random.choice(self._keys), self._random.randint(1, 50)
        connection.execute(insert(Order), [{"holder_id": key, "amount": amount}])
        connection.execute(update(Holder).where(Holder.id == key).values(ordered=Holder.ordered + 1, spent=Holder.spent + amount))

    def _arrive(self, connection: Connection) -> None:
        new = {"balance": BALANCE, "ordered": 0, "spent": 0, "note": "", "left": False, "region_id": self._random.randint(1, REGIONS)}
        connection.execute(insert(Holder).values(id=self._new_key(), **new))
        connection.execute(update(State).values(holders=State.holders + 1, balance=State.balance + BALANCE))

    def _leave(self, connection: Connection) -> None:
        key = self._keys.pop(self._random.randrange(len(self._keys)))
        balance = connection.execute(select(Holder.balance).where(Holder.id == key)).scalar_one()
        connection.execute(delete(Order).where(Order.holder_id == key))
        connection.execute(delete(Holder).where(Holder.id == key))
        connection.execute(update(State).values(holders=State.holders - 1, balance=State.balance - balance))

    def _move(self, connection: Connection) -> None:
        """A new key: the row goes to another page of the extraction, before or behind where it is read."""
        old = self._keys.pop(self._random.randrange(len(self._keys)))
        new = self._new_key()
        connection.execute(update(Holder).where(Holder.id == old).values(id=new))
        connection.execute(update(Order).where(Order.holder_id == old).values(holder_id=new))

    def _note(self, connection: Connection) -> None:
        """Another length: the row goes to another page of the database's file."""
        keys = self._random.sample(self._keys, 5)
        connection.execute(update(Holder).where(Holder.id.in_(keys)).values(note="n" * self._random.randint(0, 2000)))

    def _new_key(self) -> int:
        while (key := self._random.randint(1, KEYS)) % 1000 == 0 or key in self._keys:
            pass
        self._keys.append(key)
        return key


def write_until_told(url: str) -> Written:
    """Write all the time; no transaction fails, since a lock is waited for."""
    engine = create_engine(url, connect_args={"timeout": 60} if url.startswith("sqlite") else {})
    with engine.connect() as connection:
        writer = Writer(list(connection.execute(select(Holder.id)).scalars()))
        connection.rollback()
        written = Written()
        while not selecting.select([sys.stdin], [], [], PAUSE_S)[0]:
            started = time.perf_counter()
            with connection.begin():
                writer.write(connection)
            written.longest = max(written.longest, time.perf_counter() - started)
            written.commits += 1
    engine.dispose()
    return written


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(write_until_told(sys.argv[1]))))
