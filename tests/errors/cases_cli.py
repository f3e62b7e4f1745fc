"""Mistakes at the command line: files, settings, databases."""

from __future__ import annotations

from tests.errors.gallery import SECRET, case
from tests.errors.world import World


@case("definition", "a file that is not there", "nothing.py")
def _(world: World) -> object:
    return world.prisml("train", "nothing.py")


@case("definition", "a module that is not there", "nowhere.shop.ml.churn")
def _(world: World) -> object:
    return world.prisml("check", "nowhere.shop.ml.churn")


@case("definition", "a file without a model", "empty.py")
def _(world: World) -> object:
    return world.prisml("train", world.write("empty.py", "x = 3\n"))


@case("definition", "a file that is not Python", "shop.txt")
def _(world: World) -> object:
    return world.prisml("train", world.write("shop.txt", "x = 3\n"))


@case("definition", "a variable that is not there", "shop.py")
def _(world: World) -> object:
    return world.prisml("train", "shop.py:chrun")


@case("definition", "a variable that is no model", "str")
def _(world: World) -> object:
    return world.prisml("train", world.write("variable.py", f"import shop\n\nname = '{SECRET}'\nchurn = shop.churn\n") + ":name")


@case("definition", "several models where one is meant", "shop.py")
def _(world: World) -> object:
    return world.prisml("features", "shop.py")


@case("definition", "two models of one name", "'churn'")
def _(world: World) -> object:
    made = 'import shop\n\na = shop.model("one", name="churn")\nb = shop.model("two", name="churn")\n'
    return world.prisml("train", world.write("twice.py", made))


@case("definition", "a module with an error of syntax", "syntax.py", "SyntaxError")
def _(world: World) -> object:
    return world.prisml("check", world.write("syntax.py", f"x = 3\ny = = '{SECRET}'\n"))


@case("definition", "a module that raises", "raising.py", "ValueError")
def _(world: World) -> object:
    return world.prisml("check", world.write("raising.py", f"raise ValueError('{SECRET}')\n"))


@case("definition", "a module that imports what is not installed", "importing.py", "no_such_package")
def _(world: World) -> object:
    return world.prisml("check", world.write("importing.py", "import no_such_package\n"))


@case("definition", "two modules that import each other", "circle_a")
def _(world: World) -> object:
    world.write("circle_b.py", "from circle_a import churn\n")
    return world.prisml("check", world.write("circle_a.py", "from circle_b import other\n\nchurn = 3\n"))


@case("definition", "a module that exits", "exiting.py")
def _(world: World) -> object:
    return world.prisml("check", world.write("exiting.py", "exit()\n"))


@case("definition", "a mistake in the definition itself", "shop.py", "Customer.p")
def _(world: World) -> object:
    made = "import shop\n\nchurn = shop.model('p', task='binry')\n"
    return world.prisml("check", world.write("mistaken.py", made))


@case("definition", "an unknown keyword of define_model", "shop.py", "define_model()")
def _(world: World) -> object:
    made = "import shop\n\nchurn = shop.model('p', feature={})\n"
    return world.prisml("check", world.write("keyword.py", made))


@case("configuration", "no model is named")
def _(world: World) -> object:
    return _elsewhere(world, "train")


@case("configuration", "no database is named")
def _(world: World) -> object:
    return _elsewhere(world, "train", str(world.folder / "shop.py"), folder="nowhere")


def _elsewhere(world: World, *words: str, folder: str = "elsewhere", settings: str | None = None) -> object:
    """The command in a folder with other settings, or none."""
    import pytest

    place = world.folder.parent / f"{world.folder.name}-{folder}"
    place.mkdir(exist_ok=True)
    if settings is not None:
        (place / "pyproject.toml").write_text(settings)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        return world.prisml(*words)


@case("configuration", "a key of [tool.prisml] is misspelt", "'databse'")
def _(world: World) -> object:
    return _elsewhere(world, "versions", folder="misspelt", settings="[tool.prisml]\ndatabse = 'x'\n")


@case("configuration", "a setting of [tool.prisml] is of another type", "models")
def _(world: World) -> object:
    return _elsewhere(world, "versions", folder="typed", settings="[tool.prisml]\nmodels = 3\n")


@case("configuration", "pyproject.toml is damaged", "pyproject.toml")
def _(world: World) -> object:
    return _elsewhere(world, "versions", folder="damaged", settings="[tool.prisml\n")


@case("configuration", "a backend that is not known")
def _(world: World) -> object:
    return world.prisml("train", PRISML_BACKEND=SECRET)


@case("configuration", "the database's driver is asynchronous", "sqlite+aiosqlite")
def _(world: World) -> object:
    return world.prisml("train", "--database", "sqlite+aiosqlite:///shop.db")


@case("configuration", "the database's URL is none", "database")
def _(world: World) -> object:
    return world.prisml("train", "--database", SECRET)


@case("configuration", "an alembic project that is not there", "alembic.ini")
def _(world: World) -> object:
    return world.prisml("check", "--alembic=nowhere/alembic.ini")


@case("configuration", "a condition that the database refuses at the command line")
def _(world: World) -> object:
    assert world.prisml("train", "shop.py:other").exit_code == 0
    return world.prisml("predict", "--model", "shop.py:other", "--where", f"agee > '{SECRET}'")


@case("encoding", "a date at the command line that is none", "'joined'")
def _(world: World) -> object:
    given = f'{{"age": 3, "country": "US", "joined": "{SECRET}", "email": "ada@a.org"}}\n'
    return world.prisml("predict", "--model", "shop.py:other", given=given)


@case("configuration", "a report that cannot be written", "nowhere")
def _(world: World) -> object:
    return world.prisml("report", "churn", "1", "--to", "nowhere/report.html")


@case("configuration", "tool.prisml in pyproject.toml is no table", "pyproject.toml")
def _(world: World) -> object:
    return _elsewhere(world, "train", folder="flat", settings="[tool]\nprisml = 3\n")


@case("configuration", "a history that cannot be written", "nowhere")
def _(world: World) -> object:
    return world.prisml("history", "churn", "--html", "nowhere/history.html")


@case("configuration", "a bundle is written into a file", "shop.py")
def _(world: World) -> object:
    return world.prisml("export", "churn", "--to", "shop.py")


@case("database_connection", "a database file that is not there", "shopp.db")
def _(world: World) -> object:
    return world.prisml("train", "--database", "sqlite:///shopp.db")


@case("database_connection", "a database file that is none", "shop.py")
def _(world: World) -> object:
    return world.prisml("train", "--database", "sqlite:///shop.py")


@case("database_connection", "a server that does not run", "127.0.0.1")
def _(world: World) -> object:
    return world.prisml("train", "--database", "postgresql+psycopg://ada:S3CRET-pw@127.0.0.1:1/shop")


@case("encoding", "a line that is no JSON", "Line 1")
def _(world: World) -> object:
    return world.prisml("predict", "churn", given=f"{SECRET}\n")


@case("encoding", "a line that is no object", "Line 1")
def _(world: World) -> object:
    return world.prisml("predict", "churn", given="[3]\n")


@case("conflict", "a label is taken, before training", "'churn'", "'v1.1'")
def _(world: World) -> object:
    return world.prisml("train", "--label", "v1.1")


@case("model_not_found", "a model's name is misspelt at the command line", "'chrun'")
def _(world: World) -> object:
    return world.prisml("show", "chrun")


@case("experiment", "a version has two weights", "'churn'")
def _(world: World) -> object:
    return world.prisml("experiment", "start", "churn", "3=0.5", "3=0.5")


@case("version_not_found", "a report that was never written", "churn")
def _(world: World) -> object:
    return world.prisml("report", "churn", "1", "--format", "json")


@case("artifact", "a file that is no archive is imported", "archive")
def _(world: World) -> object:
    return world.prisml("import", "shop.py", "--name", "churn")
