from __future__ import annotations

import re
from pathlib import Path

from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from prisml.definition.algorithms import ALGORITHMS, Algorithm

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


def described(algorithm: Algorithm) -> list[str]:
    """The cells of the algorithm's row."""
    hidden = {"n_jobs", "verbosity"}
    classes = ", ".join(f"`{name}`" for name in (algorithm.classifier, algorithm.regressor) if name)
    given = [f'`{name}="{value}"`' if isinstance(value, str) else f"`{name}={value}`" for name, value in algorithm.defaults.items()]
    defaults = ", ".join(each for each in given if not each.strip("`").startswith(tuple(hidden)))
    categories = "ordinal or native" if algorithm.native else "ordinal" if algorithm.trees else "a weight each"
    return [f"`{algorithm.name}`", classes, defaults, "native" if algorithm.takes_nan else "filled", categories]


def test_the_table_of_algorithms_is_that_of_the_code():
    """Names, classes, defaults, missing numbers and categories."""
    text = (DOCS / "reference" / "definition.md").read_text(encoding="utf-8")
    table = text[text.index("| name | classes |") :].split("\n\n")[0].splitlines()[2:]
    assert [[cell.strip() for cell in line.split("|")[1:-1]] for line in table] == [described(known) for known in ALGORITHMS.values()]
