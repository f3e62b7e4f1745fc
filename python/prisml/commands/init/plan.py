"""From what was chosen to the files that are written."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from prisml.commands.init.checking import source_of_test
from prisml.commands.init.find import module_of
from prisml.commands.init.names import is_attribute
from prisml.commands.init.project import models_in, settings, url_setting, with_ignored, with_settings
from prisml.commands.init.source import Chosen, source_of
from prisml.commands.init.validate import validate
from prisml.commands.init.write import Change, created, written
from prisml.errors import ConfigurationError

EXAMPLE = ("shop/__init__.py", "shop/models.py", "shop/fill.py")


@dataclass(frozen=True)
class Plan:
    """What ``prisml init`` writes: the definition, how the command line names it, the changes, and what is left to do by hand."""

    folder: Path
    definition: Path
    target: str
    changes: tuple[Change, ...]
    by_hand: tuple[str, ...] = ()

    def write(self) -> None:
        """Write all of it, and see that the definition is one; nothing is left where it is not."""
        with written(self.changes):
            validate(self.target, self.folder)


def plan(chosen: Chosen, folder: Path, to: Path, *, database: str | None, root: Path | None, first: Sequence[Change] = ()) -> Plan:
    """The files for the definition at ``to``, behind those of ``first``. ``root`` is the folder whose pyproject.toml has a table already.

    Raises ``ConfigurationError`` where a file is in the way.
    """
    _refuse_elsewhere(to, folder)
    module = module_of(to, folder)
    target = module if to == folder.joinpath(*module.split(".")).with_suffix(".py") else to.relative_to(folder).as_posix()
    changes = [*first, created(to, source_of(chosen))]
    by_hand: list[str] = []
    place = root or folder
    project = _read(place / "pyproject.toml")
    text = with_settings(project.text, settings(target, database), project.file)
    if text is not None:
        changes.append(Change(project.file, text, project.before))
    else:
        by_hand += _to_add(project, target, to, database)
    test = (folder / "tests" if (folder / "tests").is_dir() else folder) / f"test_{chosen.variable}.py"
    changes.append(
        created(test, source_of_test(variable=chosen.variable, output=chosen.output, module=module, target=target), "--output NAME")
    )
    ignored = _read(folder / ".gitignore")
    if (ignored.before is not None or first or (folder / ".git").exists()) and (text := with_ignored(ignored.text)) is not None:
        changes.append(Change(ignored.file, text, ignored.before))
    return Plan(folder, to, target, tuple(changes), tuple(by_hand))


@contextmanager
def example(folder: Path) -> Iterator[tuple[Path, tuple[Change, ...]]]:
    """The example's application in a folder of its own for as long as the block lasts, and what brings it into ``folder``."""
    source = files("prisml.commands.init").joinpath("example")
    texts = {name: source.joinpath(name).read_text(encoding="utf-8") for name in EXAMPLE}
    # Resolved, as the files of modules are: on macOS the folder for temporary files is reached by a link.
    place = Path(tempfile.mkdtemp(prefix="prisml-init-")).resolve()
    try:
        for name, text in texts.items():
            (place / name).parent.mkdir(exist_ok=True)
            (place / name).write_text(text, encoding="utf-8")
        yield place, tuple(created(folder / name, text) for name, text in texts.items())
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _refuse_elsewhere(to: Path, folder: Path) -> None:
    """A definition is imported by its name, from the folder that the application starts in."""
    if not to.is_relative_to(folder):
        hint = "Name a file in it, or run the command in the folder that the application starts in."
        raise ConfigurationError(f"{to} is outside of the current folder.", {"file": str(to)}, [hint])
    if to.suffix != ".py" or not is_attribute(to.stem):
        hint = "Call it by letters, digits and underscores, as in --to churn_model.py."
        raise ConfigurationError(f"{to.name} is no file that Python can import.", {"file": str(to)}, [hint])


def _to_add(project: Change, target: str, to: Path, database: str | None) -> Iterator[str]:
    """What a table that is there already lacks: it is whoever wrote it that changes it."""
    if not _lists(models_in(project.text, project.file), target, to, project.file.parent):
        yield f'Add "{target}" to models of [tool.prisml] in {project.file.name}.'
    if database is not None:
        yield f"Add {url_setting(database)} to [tool.prisml] in {project.file.name}."


def _lists(models: Sequence[str], target: str, to: Path, place: Path) -> bool:
    return any(each in (target, f"{target}.py") or (place / each.partition(".py:")[0]).resolve() == to.resolve() for each in models)


def _read(file: Path) -> Change:
    """The file as it is: empty where there is none."""
    try:
        data = file.read_bytes() if file.exists() else None
        return Change(file, "" if data is None else data.decode("utf-8"), data)
    except UnicodeDecodeError:
        raise ConfigurationError(
            f"{file} is not UTF-8, so that nothing can be added to it.", {"file": str(file)}, ["Save it as UTF-8."]
        ) from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ConfigurationError(f"{file} cannot be read ({reason}).", {"file": str(file)}, ["Make it readable."]) from None
