from __future__ import annotations

import re
from pathlib import Path

from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

DOCS = Path(__file__).parents[2] / "docs"


class Base(DeclarativeBase):
    pass


class Customer(Base):
    __tablename__ = "customers"

    id: Mapped[int] = mapped_column(primary_key=True)
    age: Mapped[int | None]
    plan: Mapped[str]
    city: Mapped[str]
    churned: Mapped[bool]


def test_the_snippet_is_a_definition():
    """As the page on algorithms shows it."""
    (code,) = re.findall(r"```python\n(.*?)```", (DOCS / "how-to" / "algorithms.md").read_text(encoding="utf-8"), re.DOTALL)
    namespace = {"Customer": Customer, "__name__": "ml"}
    exec(code, namespace)  # noqa: S102
    made = namespace["churn"]
    assert (made.algorithm, made.encoding, made.name) == ("lightgbm", "native", "churn")
