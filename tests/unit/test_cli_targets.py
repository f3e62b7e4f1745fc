"""Finding definitions by module, file and variable."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from prisml.commands.targets import definitions_of, find_definition, find_definitions, split_target
from prisml.errors import ConfigurationError, DefinitionError

MODEL = """
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from prisml.definition.define import define_model


class Base(DeclarativeBase):
    pass


class Customer(Base):
    __tablename__ = "customer"
    id: Mapped[int] = mapped_column(primary_key=True)
    age: Mapped[float]
    spend: Mapped[float]
    left: Mapped[bool]


churn = define_model(Customer, output="churn_probability", label=Customer.left, features={"age": Customer.age})
"""
SECOND = 'ltv = define_model(Customer, output="value", label=Customer.spend, features={"age": Customer.age})\n'


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder as the current one; what is imported from it is forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    before, path = set(sys.modules), list(sys.path)
    yield tmp_path
    sys.path[:] = path
    for name in set(sys.modules) - before:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", None) or ""):
            del sys.modules[name]


def write(project: Path, name: str, text: str) -> str:
    """The name of a file that was written in the project."""
    path = project / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return name


@pytest.mark.parametrize(
    ("target", "parts"),
    [
        ("shop.churn", ("shop.churn", None)),
        ("shop.churn:churn", ("shop.churn", "churn")),
        ("shop/churn.py:churn", ("shop/churn.py", "churn")),
        (r"C:\shop\churn.py", (r"C:\shop\churn.py", None)),
        (r"C:\shop\churn.py:churn", (r"C:\shop\churn.py", "churn")),
        (":churn", (":churn", None)),
    ],
)
def test_the_variable_stands_behind_the_last_colon(target: str, parts: tuple[str, str | None]):
    """A target is split at its last colon, and a drive letter is not taken for a module."""
    assert split_target(target) == parts


def test_a_file_and_a_module_of_the_same_code_are_one_definition(project: Path):
    """A definition that is named by its file and by its module is imported once and trained once."""
    write(project, "shop_a/__init__.py", "")
    write(project, "shop_a/churn.py", MODEL)
    found = find_definitions(["shop_a.churn", "shop_a/churn.py", "shop_a/churn.py:churn"])
    assert [definition.name for definition in found.definitions] == ["churn"]
    assert found.failures == ()


def test_a_file_in_a_package_may_import_its_neighbours(project: Path):
    """A file inside a package is imported as part of it, so that relative imports work."""
    write(project, "deep/shop_b/__init__.py", "")
    write(project, "deep/shop_b/tables.py", MODEL)
    write(project, "deep/shop_b/ml.py", "from .tables import churn\n")
    assert [definition.name for definition in definitions_of("deep/shop_b/ml.py")] == ["churn"]


def test_a_lone_file_may_import_its_neighbours(project: Path):
    """A file outside any package finds the files beside it, as it does when Python runs it."""
    write(project, "job/tables_c.py", MODEL)
    write(project, "job/ml_c.py", "from tables_c import churn\n")
    assert [definition.name for definition in definitions_of("job/ml_c.py")] == ["churn"]


def test_what_a_file_imports_is_not_its_own(project: Path):
    """A file that defines a model and imports another stands for its own alone; the other can be named by its variable."""
    write(project, "tables_j.py", MODEL)
    write(project, "ml_j.py", "from tables_j import Customer, churn\nfrom prisml import define_model\n" + SECOND)
    assert [definition.name for definition in definitions_of("ml_j.py")] == ["ltv"]
    assert [definition.name for definition in definitions_of("ml_j.py:churn")] == ["churn"]
    assert [definition.name for definition in find_definitions(["ml_j.py", "ml_j.py:churn"]).definitions] == ["ltv", "churn"]


def test_a_file_may_have_the_name_of_a_standard_module(project: Path):
    """A file called as a module of the standard library is imported without replacing that module."""
    write(project, "statistics.py", MODEL)
    (definition,) = definitions_of("statistics.py")
    assert definition.name == "churn"
    assert not hasattr(__import__("statistics"), "churn")


def test_a_module_gives_all_its_definitions_in_order(project: Path):
    """A module without a variable stands for every definition bound in it."""
    write(project, "two_d.py", MODEL + SECOND)
    assert [definition.name for definition in definitions_of("two_d")] == ["churn", "ltv"]
    assert find_definition("two_d:ltv").name == "ltv"
    with pytest.raises(DefinitionError, match="several models: churn, ltv"):
        find_definition("two_d")


def test_a_target_that_fails_does_not_hide_the_others(project: Path):
    """The definitions that can be had are found beside the targets that cannot, in any order."""
    write(project, "good_e.py", MODEL)
    write(project, "bad_e.py", "x = 1\ny = x + undefined_name\n")
    found = find_definitions(["bad_e.py", "good_e.py", "absent_e"])
    assert [definition.name for definition in found.definitions] == ["churn"]
    assert [target for target, _ in found.failures] == ["bad_e.py", "absent_e"]


def test_two_definitions_of_one_name_are_refused(project: Path):
    """Of definitions that would publish under the same name none is trained, and the name is told once; others are trained."""
    write(project, "one_f.py", MODEL)
    write(project, "two_f.py", MODEL)
    write(project, "three_f.py", MODEL + SECOND)
    found = find_definitions(["one_f.py", "two_f.py", "three_f.py"])
    assert [definition.name for definition in found.definitions] == ["ltv"]
    ((name, error),) = found.failures
    assert name == "churn"
    assert isinstance(error, DefinitionError)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1\ny = x + undefined_name\n", "broken.py, line 2: NameError: name 'undefined_name' is not defined"),
        ("x = (\n", "broken.py, line 1: SyntaxError: '(' was never closed"),
        ("import sys\n\nsys.exit(3)\n", "broken.py, line 3: it exits the interpreter when it is imported"),
        ("def f():\n    raise ValueError('s3cret')\n\nf()\n", "broken.py, line 2: ValueError"),
        ("import no_such_package_g\n", "broken.py, line 1: ModuleNotFoundError: No module named 'no_such_package_g'"),
        (MODEL.replace("features={", "features={'x y': Customer.age, "), "broken.py, line 19: "),
    ],
)
def test_an_error_in_a_module_names_its_file_and_line(project: Path, text: str, message: str):
    """Whatever a module raises while it is imported is a DefinitionError with file and line, and without the values in it."""
    target = write(project, "broken.py", text)
    with pytest.raises(DefinitionError) as caught:
        definitions_of(target)
    assert caught.value.message.startswith(message)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("absent_h", "There is no module absent_h."),
        ("absent_h.churn", "There is no module absent_h.churn."),
        ("absent_h.py", "There is no file absent_h.py."),
        ("empty_h.py", "empty_h.py defines no model."),
        ("full_h.py:ltv", "full_h.py:ltv does not exist."),
        ("full_h.py:Customer", "full_h.py:Customer is a DeclarativeAttributeIntercept, not a model."),
    ],
)
def test_a_target_that_is_not_there_says_what_is(project: Path, target: str, message: str):
    """A target that cannot be found is a DefinitionError that names it, with a way out."""
    write(project, "empty_h.py", "x = 1\n")
    write(project, "full_h.py", MODEL)
    with pytest.raises(DefinitionError) as caught:
        definitions_of(target)
    assert caught.value.message == message
    assert caught.value.suggestions


def test_what_a_module_prints_does_not_reach_stdout(project: Path, capsys: pytest.CaptureFixture[str]):
    """A module that prints while it is imported does not spoil the answer on stdout."""
    write(project, "loud_i.py", MODEL + "print('hello')\n")
    definitions_of("loud_i.py")
    assert capsys.readouterr() == ("", "hello\n")


def test_no_target_says_how_to_name_one():
    """Without a target and without [tool.prisml] models the error says both ways."""
    with pytest.raises(ConfigurationError) as caught:
        find_definitions([])
    assert "[tool.prisml] models" in caught.value.suggestions[0]
