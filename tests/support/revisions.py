"""A real project of Alembic, with the revisions that a test writes."""

from __future__ import annotations

from pathlib import Path
from textwrap import indent

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine

ENV = """
from alembic import context
from sqlalchemy import create_engine, pool

engine = create_engine(context.config.get_main_option("sqlalchemy.url"), poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection{options})
    with context.begin_transaction():
        context.run_migrations()
"""
REVISION = '''"""{message}"""
import sqlalchemy as sa
from alembic import op

revision = {revision!r}
down_revision = {down!r}
depends_on = None
branch_labels = None


def upgrade():
{body}


def downgrade():
    pass
'''


class Project:
    """An Alembic project in a folder, on one database."""

    def __init__(self, folder: Path, database: Engine, *, options: str = "") -> None:
        self.scripts = folder / "migrations"
        self.ini = folder / "alembic.ini"
        (self.scripts / "versions").mkdir(parents=True)
        (self.scripts / "env.py").write_text(ENV.format(options=options))
        url = database.url.render_as_string(hide_password=False).replace("%", "%%")
        self.ini.write_text(f"[alembic]\nscript_location = {self.scripts}\nsqlalchemy.url = {url}\n")
        self._last: str | None = None

    def revision(self, name: str, body: str, *, down: str | tuple[str, ...] | None = None) -> None:
        """A revision behind the last one, or behind those that are named, which does that."""
        behind = self._last if down is None else down
        text = REVISION.format(message=f"{name} it", revision=name, down=behind, body=indent(body.strip(), "    "))
        (self.scripts / "versions" / f"{name}.py").write_text(text)
        self._last = name

    def upgrade(self, to: str = "heads") -> None:
        """Apply the revisions, as ``alembic upgrade`` does."""
        command.upgrade(Config(self.ini), to)
