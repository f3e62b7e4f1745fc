"""What an installation with ``[train]`` must be able to do: a field is defined, trained on SQLite, judged, published, exported and read.

Run it with the Python of the environment under test, in an empty folder outside the checkout. It needs nothing but ``prisml[train]``.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

from installed import prisml, wanted

SHOP = """\
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from prisml import Feature, Gate, define_model


class Base(DeclarativeBase):
    pass


class Customer(Base):
    __tablename__ = "customers"

    id: Mapped[int] = mapped_column(primary_key=True)
    country: Mapped[str]
    age: Mapped[int | None]
    churned: Mapped[bool]


churn = define_model(
    Customer,
    output="churn_probability",
    label=Customer.churned,
    features={"country": Feature(Customer.country), "age": Feature(Customer.age, missing="median")},
    algorithm="hist_gradient_boosting",
    gates=[Gate("roc_auc", min=0.7)],
)
"""

ROWS = ({"country": "FR", "age": 80}, {"country": "DE", "age": 20})


def fill(url: str) -> None:
    """A thousand customers, of whom the old and those in FR leave."""
    from shop import Base, Customer
    from sqlalchemy import create_engine
    from sqlalchemy.orm import Session

    chance = random.Random(42)  # noqa: S311 - Made-up customers, the same in each run.
    engine = create_engine(url)
    Base.metadata.create_all(engine)
    with Session(engine) as session, session.begin():
        for _ in range(1000):
            country, age = chance.choice(["DE", "FR", "US"]), chance.choice([None, *range(18, 90)])
            leaves = 0.15 + 0.35 * (country == "FR") + 0.4 * ((age or 0) > 60)
            session.add(Customer(country=country, age=age, churned=chance.random() < leaves))
    engine.dispose()


def main() -> None:
    """Raise ``SystemExit`` with what is broken."""
    Path("shop.py").write_text(SHOP, encoding="utf-8")
    sys.path.insert(0, str(Path.cwd()))
    url = f"sqlite:///{Path('shop.db').absolute().as_posix()}"
    fill(url)
    prisml("check", "shop.py", "--database", url)
    trained = json.loads(prisml("train", "shop.py", "--database", url, "--backend", "local", "--json"))
    wanted("a version is published and serves", kept=[(each["status"], each["active"]) for each in trained["models"]] == [("published", 1)])
    prisml("export", "churn", "--to", "bundle")
    Path("rows.jsonl").write_text("\n".join(map(json.dumps, ROWS)), encoding="utf-8")
    lines = [json.loads(line) for line in prisml("predict", "churn", "rows.jsonl", "--json").splitlines()]

    from shop import churn

    from prisml import load

    leaves, stays = (churn.load().predict(row).value for row in ROWS)
    wanted("who is old and in FR leaves", kept=leaves > 0.5 > stays)
    wanted("the bundle serves what the registry does", kept=[load("bundle").predict(row).value for row in ROWS] == [leaves, stays])
    wanted("the command line predicts what the engine does", kept=[line["value"] for line in lines] == [leaves, stays])
    print(f"training: {leaves:.3f} for who leaves, {stays:.3f} for who stays: all kept")  # noqa: T201 - A script's answer.


if __name__ == "__main__":
    main()
