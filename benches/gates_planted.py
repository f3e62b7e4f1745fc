"""Gates whose verdict is known beforehand: a shop whose customers leave by a rule, and what a gate must say of models of it.

Of 600 customers, 250 live in DE, 200 in FR, 120 in US and 30 in NZ. Whoever is older than 50 leaves, but in FR a coin decides: no model
can do better there than guess. Each country is divided by chance, and a fifth is held out.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import create_engine, text

SHOP = """
from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from prisml import Gate, TimeSplit, define_model, expression, related, resolver


class Base(DeclarativeBase):
    pass


class Account(Base):
    __tablename__ = "account"
    id: Mapped[int] = mapped_column(primary_key=True)
    segment: Mapped[str] = mapped_column(String(20))


class Customer(Base):
    __tablename__ = "customer"
    id: Mapped[int] = mapped_column(primary_key=True)
    age: Mapped[float]
    shoe: Mapped[float]
    country: Mapped[str] = mapped_column(String(20))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    left: Mapped[bool]
    month: Mapped[str | None] = mapped_column(String(20))
    account: Mapped[Account] = relationship()


GOOD = {"age": Customer.age, "country": Customer.country}
POOR = {"shoe": Customer.shoe}


def model(*gates, features=GOOD, name="left", label=Customer.left, **options):
    options = {"algorithm": "decision_tree", "params": {"max_depth": 3}, "test_size": 0.5, **options}
    return define_model(Customer, output="leaves", label=label, features=features, gates=gates, name=name, **options)
"""

_COUNTRIES = (("DE", 250), ("FR", 200), ("US", 120), ("NZ", 30))


@dataclass(frozen=True)
class Case:
    """A gate, and what is expected of it.

    ``before`` is the definition whose training serves when the gate is judged (None: nothing serves), ``options`` are those of the
    definition with the gate; all are Python beside ``SHOP``. ``unmapped`` is a column that is not mapped any more then. ``says`` are parts
    of the verdict's reason and overlap.
    """

    kind: str
    gate: str
    passed: bool
    says: tuple[str, ...] = ()
    before: str | None = None
    options: str = ""
    unmapped: str | None = None

    @property
    def code(self) -> int:
        """The exit code of ``prisml train``."""
        return 0 if self.passed else 1

    def modules(self, number: int) -> tuple[str | None, str]:
        """The text of the module that is trained first, if any, and of the one that has the gate."""

        def module(shop: str, *given: str) -> str:
            arguments = ", ".join(each for each in (*given, f"name='left_{number}'") if each)
            return f"{shop}\n\nmodel_{number} = model({arguments})\n"

        lines = SHOP.splitlines(keepends=True)
        after = "".join(line for line in lines if self.unmapped is None or not line.startswith(f"    {self.unmapped}:"))
        return None if self.before is None else module(SHOP, self.before), module(after, self.gate, self.options)


_ACTIVE = 'Gate("accuracy", not_worse_than="active"'
CASES = (
    Case("min", 'Gate("accuracy", min=0.7)', True),
    Case("min", 'Gate("accuracy", min=0.95)', False),
    Case("max", 'Gate("size_mb", max=1), Gate("log_loss", max=0.9)', True),
    Case("max", 'Gate("brier", max=0.01)', False),
    Case("better than baseline", 'Gate("accuracy", better_than="baseline")', True, ("beside the baseline",)),
    Case("better than baseline", 'Gate("accuracy", better_than="baseline")', False, options="features=POOR"),
    Case("by", 'Gate("accuracy", better_than="baseline", by=0.1)', True, ("beside the baseline",)),
    Case("by", 'Gate("accuracy", better_than="baseline", by=0.45)', False, ("beside the baseline",)),
    Case("confidence", 'Gate("accuracy", min=0.7, confidence=0.95)', True, ("the low end decides",)),
    Case("confidence", 'Gate("accuracy", min=0.81, confidence=0.999)', False, ("the low end decides",)),
    Case("confidence", 'Gate("accuracy", better_than="baseline", by=0.05, confidence=0.95)', True),
    Case("confidence", 'Gate("log_loss", max=0.3, confidence=0.999)', False, ("the high end decides",)),
    Case("no active version", f"{_ACTIVE})", True, ("no version serves yet",)),
    Case("not worse than active", f"{_ACTIVE})", True, ("beside version 1", "the same rows were held out"), before="features=POOR"),
    Case("not worse than active", f"{_ACTIVE})", False, ("beside version 1", "None of the 300 rows"), before="", options="features=POOR"),
    Case("not worse than active", f"{_ACTIVE}, by=0.6)", True, ("beside version 1",), before="", options="features=POOR"),
    Case("not worse than active", f"{_ACTIVE}, by=0.1, confidence=0.95)", True, ("may have, which favours",), before="seed=7"),
    Case(
        "not worse than active", f"{_ACTIVE}, confidence=0.95)", False, before="", options='features={**POOR, "country": Customer.country}'
    ),
    Case("active reads more", f"{_ACTIVE}, by=0.05)", True, ("beside version 1",), before="features={**GOOD, 'month': Customer.month}"),
    Case(
        "not comparable: a column",
        f"{_ACTIVE})",
        False,
        ("reads month, which is not mapped any more", "Take the gate out"),
        before="features={**GOOD, 'month': Customer.month}",
        unmapped="month",
    ),
    Case(
        "not comparable: code",
        f"{_ACTIVE})",
        False,
        ("computed by a resolver that the definition does not have",),
        before="features={**GOOD, 'half': resolver(lambda c: c.age / 2, type=float, uses=[Customer.age])}",
    ),
    Case(
        "not comparable: a task",
        f"{_ACTIVE.replace('accuracy', 'mae')})",
        False,
        ("it is a binary model",),
        before="",
        options="label=Customer.shoe, algorithm='ridge', params={}",
    ),
    Case("slice", 'Gate("accuracy", min=0.3, slice=Customer.country, min_rows=10)', True, ("holds in all 4 slices judged; worst: 1 of 4",)),
    Case("slice", 'Gate("accuracy", min=0.8, slice=Customer.country, min_rows=10)', False, ("fails in 1 of 4", "worst: 1 of 4")),
    Case("slice", 'Gate("accuracy", min=0.3, slice=Customer.country, min_rows=50)', True, ("1 slice has fewer than 50 rows",)),
    Case("slice", 'Gate("accuracy", min=0.3, slice=Customer.country, min_rows=1000)', False, ("nothing was judged",)),
    Case("slice", 'Gate("accuracy", min=0.7, slice=related(Customer.account, Account.segment), min_rows=20)', True, ("holds in all 2",)),
    Case(
        "slice and active",
        f"{_ACTIVE}, slice=Customer.country, min_rows=50)",
        False,
        ("fails in 3 of 3",),
        before="",
        options="features=POOR",
    ),
    Case("p99_ms", 'Gate("p99_ms", max=1000)', True, ("on this machine",)),
    Case("p99_ms", 'Gate("p99_ms", max=0.000001)', False, ("on this machine",)),
    Case("size_mb", 'Gate("size_mb", max=1)', True),
    Case("size_mb", 'Gate("size_mb", max=0.00001)', False),
)


def fill(url: str) -> None:
    """The shop's customers."""
    chance = random.Random(3)  # noqa: S311 -- Customers, not secrets.
    rows: list[dict[str, object]] = []
    for country, count in _COUNTRIES:
        for _ in range(count):
            age = 20.5 + chance.randrange(60)
            left = chance.random() < 0.5 if country == "FR" else age > 50
            row = {"id": len(rows) + 1, "age": age, "shoe": 36.0 + chance.randrange(10), "country": country}
            rows.append({**row, "account_id": 1 + chance.randrange(2), "left": left, "month": chance.choice(["may", "june"])})
    chance.shuffle(rows)
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE account (id INTEGER PRIMARY KEY, segment VARCHAR(20) NOT NULL)"))
        connection.execute(text("INSERT INTO account VALUES (1, 'private'), (2, 'business')"))
        connection.execute(
            text(
                "CREATE TABLE customer (id INTEGER PRIMARY KEY, age FLOAT NOT NULL, shoe FLOAT NOT NULL, country VARCHAR(20) NOT NULL, "
                'account_id INTEGER NOT NULL REFERENCES account, "left" BOOLEAN NOT NULL, month VARCHAR(20))'
            )
        )
        connection.execute(text("INSERT INTO customer VALUES (:id, :age, :shoe, :country, :account_id, :left, :month)"), rows)
    engine.dispose()


def shop(folder: Path) -> str:
    """The URL of a database with the customers, in ``folder``."""
    url = f"sqlite:///{folder / 'shop.db'}"
    fill(url)
    return url
