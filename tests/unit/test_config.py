"""Where settings come from, and what is said when they are wrong."""

from __future__ import annotations

import pytest

from prisml.config import DEFAULT_REGISTRY, Config
from prisml.errors import ConfigurationError

SECRET = "postgresql://anna:hunter2@db/shop?sslpassword=hunter3"


@pytest.fixture(autouse=True)
def no_environment(monkeypatch):
    """The variables of whoever runs the tests say nothing."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("PRISML_REGISTRY", raising=False)


def project(folder, *lines):
    """A pyproject.toml with these lines under [tool.prisml]."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pyproject.toml").write_text("\n".join(["[tool.prisml]", *lines]), encoding="utf-8")
    return folder


def refused(folder) -> str:
    """The message of a configuration that cannot be read."""
    with pytest.raises(ConfigurationError) as caught:
        Config.read(folder)
    assert caught.value.suggestions
    return str(caught.value)


def test_without_any_setting_the_registry_is_a_file_in_the_current_folder(tmp_path):
    """Nothing configured: no database, no models, and the default registry."""
    assert Config.read(tmp_path) == Config(None, "sqlite:///.prisml/registry.db", (), None)
    assert DEFAULT_REGISTRY == "sqlite:///.prisml/registry.db"


def test_a_url_that_is_none_is_told_where_it_is_opened(tmp_path):
    """A port that is no number is not the configuration's to judge: the URL is handed on as it stands."""
    torn = "postgresql://ada:word@host:a/shop"
    project(tmp_path, f'registry = "{torn}"', f'database = "{torn}"')
    assert (Config.read(tmp_path).registry, Config.read(tmp_path).database) == (torn, torn)


def test_settings_are_found_upward(tmp_path):
    """A pyproject.toml above the folder counts, and one on the way without a [tool.prisml] table does not stand in front of it."""
    project(tmp_path, f'database = "{SECRET}"', 'models = ["shop.ml.churn"]')
    inner = tmp_path / "package" / "src"
    inner.mkdir(parents=True)
    (tmp_path / "package" / "pyproject.toml").write_text("[project]\nname = 'x'\n", encoding="utf-8")
    config = Config.read(inner)
    assert (config.database, config.models, config.root) == (SECRET, ("shop.ml.churn",), tmp_path)


def test_the_nearest_table_wins(tmp_path):
    """Of two projects, one inside the other, the inner one's settings hold, and none are mixed in."""
    project(tmp_path, 'database = "sqlite:////outer.db"', 'models = ["outer"]')
    inner = project(tmp_path / "inner", 'models = ["inner"]')
    assert (Config.read(inner).database, Config.read(inner).models) == (None, ("inner",))


def test_the_current_folder_is_where_reading_starts(tmp_path, monkeypatch):
    """Without a start, the folder the program runs in counts."""
    monkeypatch.chdir(project(tmp_path, 'models = "shop"'))
    assert Config.read().models == ("shop",)


def test_the_environment_stands_above_the_file_and_an_argument_above_both(tmp_path, monkeypatch):
    """Argument, then environment, then pyproject.toml; an empty variable is none."""
    folder = project(tmp_path, 'database = "postgresql://file"', 'registry = "postgresql://file"', 'models = ["file"]')
    monkeypatch.setenv("DATABASE_URL", "postgresql://environment")
    monkeypatch.setenv("PRISML_REGISTRY", "postgresql://environment")
    config = Config.read(folder)
    assert (config.database, config.registry) == ("postgresql://environment", "postgresql://environment")
    config = Config.read(folder, database="postgresql://argument", registry="postgresql://argument", models=["argument"])
    assert (config.database, config.registry, config.models) == ("postgresql://argument", "postgresql://argument", ("argument",))
    monkeypatch.setenv("DATABASE_URL", "")
    monkeypatch.setenv("PRISML_REGISTRY", "")
    assert (Config.read(folder).database, Config.read(folder).registry) == ("postgresql://file", "postgresql://file")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("sqlite:///data/shop.db", "sqlite:///{root}/data/shop.db"),
        ("sqlite+pysqlite:///data/shop.db", "sqlite+pysqlite:///{root}/data/shop.db"),
        ("sqlite+pysqlcipher://:key@/shop.db?cipher=aes-256-cfb", "sqlite+pysqlcipher://:key@/{root}/shop.db?cipher=aes-256-cfb"),
        ("sqlite:///shop.db?timeout=3", "sqlite:///{root}/shop.db?timeout=3"),
        ("no URL", "no URL"),
        ("sqlite:////srv/shop.db", "sqlite:////srv/shop.db"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
        ("sqlite:///file:shop.db?uri=true", "sqlite:///file:shop.db?uri=true"),
        ("sqlite://", "sqlite://"),
        ("postgresql+psycopg://db/shop", "postgresql+psycopg://db/shop"),
    ],
)
def test_a_file_in_pyproject_is_relative_to_it(tmp_path, written, read):
    """A relative SQLite file is found from every folder of the project; any other URL is left as it is."""
    project(tmp_path, f'database = "{written}"')
    inner = tmp_path / "deep"
    inner.mkdir()
    assert Config.read(inner).database == read.format(root=tmp_path.as_posix())
    assert Config.read(inner).registry == f"sqlite:///{tmp_path.as_posix()}/.prisml/registry.db"


def test_models_in_files_are_relative_to_pyproject_and_modules_are_left(tmp_path):
    """Files become absolute, with their variable behind the colon; modules stay names."""
    folder = project(tmp_path, 'models = ["ml/churn.py", "ml/fraud.py:fraud", "shop.ml", "shop.ml:ltv"]')
    assert Config.read(folder).models == (f"{tmp_path}/ml/churn.py", f"{tmp_path}/ml/fraud.py:fraud", "shop.ml", "shop.ml:ltv")


def test_a_configuration_shows_no_password():
    """Neither URL is in the repr."""
    assert "hunter" not in repr(Config(SECRET, SECRET))


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ('databse = "sqlite://"', "Did you mean 'database'?"),
        ("xyz = 1", "Known are: database, registry, models, backend, image."),
        ("database = 3", "database in [tool.prisml] is an int"),
        ('registry = ["sqlite://"]', "registry in [tool.prisml] is a list"),
        ("models = 3", "models in [tool.prisml] is an int"),
        ("models = [3]", "a list of modules or files"),
        ('backend = "cloud"', "Known are: auto, local, docker."),
        ("image = 3", "image in [tool.prisml] is an int"),
    ],
)
def test_a_wrong_setting_is_refused_by_name(tmp_path, line, part):
    """An unknown key, with the nearest known one, and a value of the wrong type are refused."""
    assert part in refused(project(tmp_path, line))


def test_a_damaged_file_is_refused_without_what_it_holds(tmp_path):
    """A pyproject.toml that is no TOML is named, and nothing of it is shown."""
    message = refused(project(tmp_path, f"database = {SECRET}"))
    assert "pyproject.toml is no valid TOML" in message
    assert "hunter" not in message


def test_a_table_that_is_none_is_refused(tmp_path):
    """tool.prisml as a plain value is refused with how to write it."""
    (tmp_path / "pyproject.toml").write_text("[tool]\nprisml = 3\n", encoding="utf-8")
    assert "[tool.prisml]" in refused(tmp_path)


def test_a_file_of_another_encoding_is_refused(tmp_path):
    """Bytes that are no UTF-8 are a damaged file, not a crash."""
    (tmp_path / "pyproject.toml").write_bytes(b"\xff\xfe[tool.prisml]")
    assert "no valid TOML" in refused(tmp_path)
