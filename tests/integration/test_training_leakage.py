"""Training on a real database refuses leaks, names all of them at once, and keeps what was waived."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine, create_engine, insert
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from prisml import define_model
from prisml.errors import LeakageError
from prisml.extraction.stream import extract
from prisml.training.fit import fit
from tests.support.console import run

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "leakage.md"
MODEL = """
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from prisml import define_model


class Base(DeclarativeBase):
    pass


class Invoice(Base):
    __tablename__ = "invoices"

    id: Mapped[int] = mapped_column(primary_key=True)
    amount: Mapped[float]
    days_overdue: Mapped[int]
    reminder: Mapped[str | None]
    reference: Mapped[str]
    paid_late: Mapped[bool]


def model(*names, **options):
    features = {name: getattr(Invoice, name) for name in names}
    given = {"output": "late_payment", "label": Invoice.paid_late, "algorithm": "decision_tree", "name": "late"}
    return define_model(Invoice, features=features, **given, **options)
"""


class Base(DeclarativeBase):
    pass


class Invoice(Base):
    __tablename__ = "invoices"

    id: Mapped[int] = mapped_column(primary_key=True)
    amount: Mapped[float]
    days_overdue: Mapped[int]
    reminder: Mapped[str | None]
    reference: Mapped[str]
    paid_late: Mapped[bool]


def rows(count: int = 1_000) -> list[dict[str, object]]:
    """Invoices: who is overdue pays late, who paid late got a reminder of some kind, and each has a reference of its own."""
    random = np.random.default_rng(5)
    late = random.random(count) < 0.3
    overdue = np.where(late, random.integers(5, 60, count), random.integers(0, 8, count))
    return [
        {
            "id": key,
            "amount": float(random.gamma(2, 100) + 30 * late[key]),
            "days_overdue": int(overdue[key]),
            "reminder": str(random.choice(["letter", "mail"])) if late[key] else None,
            "reference": f"INV-{key:06}",
            "paid_late": bool(late[key]),
        }
        for key in range(count)
    ]


def fill(url: str) -> Engine:
    """The table, filled."""
    engine = create_engine(url)
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(insert(Invoice), rows())
    return engine


@pytest.fixture(scope="module")
def source() -> Engine:
    """A database in memory."""
    return fill("sqlite://")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a module of definitions and its database."""
    made = tmp_path_factory.mktemp("invoices")
    (made / "invoices.py").write_text(MODEL)
    (made / "pyproject.toml").write_text("[tool.prisml]\ndatabase = 'sqlite:///invoices.db'\n")
    fill(f"sqlite:///{made}/invoices.db").dispose()
    return made


def definition(*names: str, **options):
    """The definition of MODEL, here."""
    features = {name: getattr(Invoice, name) for name in names}
    return define_model(
        Invoice, output="late_payment", label=Invoice.paid_late, features=features, name="late", algorithm="decision_tree", **options
    )


def test_all_leaks_are_named_in_one_error(source: Engine):
    """Of the mapping and of the data, each with its figure, and none with a value of a row."""
    leaky = definition("id", "amount", "days_overdue", "reminder", "reference")
    with pytest.raises(LeakageError) as caught:
        fit(leaky, extract(leaky, source))
    error = caught.value
    assert error.context["leaks"] == ("identifier:id", "identifier:reference", "label_copy:reminder", "single_feature:days_overdue")
    assert "feature 'id' is the primary key of Invoice." in error.message
    assert "feature 'reference' has 800 different categories in 800 rows." in error.message
    assert "feature 'reminder' decides the class of 100 % of the rows" in error.message
    assert re.search(r"feature 'days_overdue' alone ranks the classes with ROC AUC 0\.99\d\d\.", error.message)
    assert not re.search(r"letter|mail|INV-", str(error))


def test_what_is_waived_is_trained_and_kept_in_the_manifest(source: Engine):
    """A whole guard or a feature; only what was found is kept, as narrow as it is."""
    waived = definition("amount", "days_overdue", "reminder", waive=("single_feature", "label_copy:reminder", "identifier"))
    manifest = fit(waived, extract(waived, source)).artifact.manifest
    assert manifest.waived == ("label_copy:reminder", "single_feature:days_overdue")
    honest = definition("amount", waive=("single_feature",))
    assert fit(honest, extract(honest, source)).artifact.manifest.waived == ()


def test_waiver_that_the_error_shows_is_the_one_to_write(source: Engine):
    """Copied into the definition, it lets the model train."""
    names = ("id", "amount", "days_overdue", "reminder", "reference")
    with pytest.raises(LeakageError) as caught:
        fit(definition(*names), extract(definition(*names), source))
    (written,) = re.findall(r"waive=(\[.*\])", caught.value.suggestions[-1])
    waived = definition(*names, waive=json.loads(written))
    assert fit(waived, extract(waived, source)).artifact.manifest.waived == tuple(json.loads(written))


def test_train_ends_with_1_and_publishes_nothing(folder: Path):
    """The answer is no, as with a gate; the page of the documentation shows the message."""
    (folder / "leaky.py").write_text('from invoices import model\n\nlate = model("id", "amount", "days_overdue")\n')
    done = run(folder, "train", "leaky.py", "--json")
    (model,) = json.loads(done.stdout)["models"]
    assert (done.returncode, model["error"]["code"]) == (1, "leakage")
    assert model["error"]["context"]["leaks"] == ["identifier:id", "single_feature:days_overdue"]
    assert run(folder, "versions", "late").returncode != 0
    (shown,) = re.findall(r"```text\n(error\[leakage\].*?)\n```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    other = {"churn": "late", "customer_no": "id", "Customer": "Invoice", "0.9987": re.findall(r"AUC (0\.\d+)", done.stderr)[0]}
    for word, here in other.items():
        shown = shown.replace(word, here)
    assert shown.split() == done.stderr.split()


def test_check_shows_identifiers_and_ends_with_1(folder: Path):
    """Unless they are waived; what only data shows is left to training."""
    (folder / "named.py").write_text('from invoices import model\n\nlate = model("id", "days_overdue")\n')
    (folder / "waived.py").write_text('from invoices import model\n\nlate = model("id", "days_overdue", waive=["identifier:id"])\n')
    done = run(folder, "check", "named.py", "--json")
    (model,) = json.loads(done.stdout)["models"]
    (failed,) = [each for each in model["checks"] if not each["passed"]]
    assert done.returncode == 1
    assert (failed["subject"], failed["detail"]) == ("feature id", "is the primary key of Invoice (identifier)")
    assert failed["hint"].endswith('Or waive it: waive=["identifier:id"].')
    passed = run(folder, "check", "waived.py", "--json")
    assert passed.returncode == 0
    assert json.loads(passed.stdout)["models"][0]["checks"][-1]["detail"] == "is the primary key of Invoice (identifier, waived)"


def test_show_tells_what_was_waived(folder: Path):
    """In the table of train, and of the version."""
    (folder / "known.py").write_text('from invoices import model\n\nlate = model("amount", "days_overdue", waive=["single_feature"])\n')
    trained = run(folder, "train", "known.py")
    assert trained.returncode == 0, trained.stderr
    for shown in (trained.stdout, run(folder, "show", "late", "1").stdout):
        assert re.search(r"waived\W+single_feature:days_overdue", shown)
