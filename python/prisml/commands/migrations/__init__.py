"""Which of the pending revisions of Alembic would break a model: each is run with operations that are recorded, and not executed."""

from prisml.commands.migrations.result import Broken, Migrations, Unseen, Watched

__all__ = ["Broken", "Migrations", "Unseen", "Watched"]
