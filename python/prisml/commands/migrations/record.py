"""What a revision would do: its ``upgrade()`` run with operations that are noted down, and a connection that leads nowhere."""

from __future__ import annotations

import io
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType, SimpleNamespace
from typing import Any

from alembic.migration import MigrationContext
from alembic.operations import BatchOperations, Operations
from alembic.operations.ops import (
    BulkInsertOp,
    CreateCheckConstraintOp,
    CreateIndexOp,
    CreatePrimaryKeyOp,
    CreateTableCommentOp,
    CreateTableOp,
    CreateUniqueConstraintOp,
    DropIndexOp,
    DropTableCommentOp,
    ExecuteSQLOp,
    MigrateOperation,
)
from alembic.script import Script
from sqlalchemy import Dialect

from prisml.errors import described

_HARMLESS = (
    BulkInsertOp,
    CreateCheckConstraintOp,
    CreateIndexOp,
    CreatePrimaryKeyOp,
    CreateTableCommentOp,
    CreateUniqueConstraintOp,
    DropIndexOp,
    DropTableCommentOp,
)

_PATIENCE = 10_000


@dataclass
class Recorded:
    """The operations of a revision in order, and with its lines what it does otherwise."""

    operations: list[tuple[MigrateOperation, int]] = field(default_factory=list)
    unseen: dict[str, list[int]] = field(default_factory=dict)

    def missed(self, what: str, line: int) -> None:
        """Note what could not be looked at, and each of its lines once."""
        lines = self.unseen.setdefault(what, [])
        if line not in lines:
            lines.append(line)


def record(script: Script, dialect: Dialect) -> Recorded:
    """What ``upgrade()`` of the revision does on a database of that dialect. Nothing is executed.

    What it raises ends it there, and is noted: it may count on results that only a database has.
    """
    recorder = _Recorder(script.path, dialect)
    with Operations.context(recorder.context) as operations:
        recorder.listen(operations)
        try:
            script.module.upgrade()
        except Exception as error:  # noqa: BLE001 -- Whatever a revision of somebody's raises.
            lines = [frame.lineno or 0 for frame in traceback.extract_tb(error.__traceback__) if frame.filename == script.path]
            recorder.recorded.missed(f"all behind {described(error)} that upgrade() raises without a database", (lines or [0])[-1])
    return recorder.recorded


class _Recorder:
    """Stands in for what executes, in an Alembic that thinks it writes SQL."""

    def __init__(self, path: str, dialect: Dialect) -> None:
        self.recorded = Recorded()
        self._path = path
        self._nowhere = _Nowhere(dialect)
        self.context = MigrationContext.configure(dialect=dialect, opts={"as_sql": True, "output_buffer": io.StringIO()})
        # Whatever reaches a connection past the operations.
        setattr(self.context.impl, "_exec", self._executed)  # noqa: B010 -- Replaced for this object alone.

    def listen(self, operations: Operations | BatchOperations) -> None:
        """From now on, note what these operations are asked for."""
        for name, stand_in in (("invoke", self._invoke), ("get_bind", self._bind), ("run_async", self._run_async)):
            setattr(operations, name, stand_in)
        if isinstance(operations, Operations):
            setattr(operations, "batch_alter_table", self._batch)  # noqa: B010 -- As above.

    def _invoke(self, operation: MigrateOperation) -> Any:
        if isinstance(operation, ExecuteSQLOp):
            self.recorded.missed("op.execute", self._line())
        elif not isinstance(operation, _HARMLESS):
            self.recorded.operations.append((operation, self._line()))
        # What is made is given back: rows may be inserted into it.
        return operation.to_table(self.context) if isinstance(operation, CreateTableOp) else None

    @contextmanager
    def _batch(self, table_name: str, schema: str | None = None, *_: Any, **__: Any) -> Iterator[BatchOperations]:
        impl: Any = SimpleNamespace(table_name=table_name, schema=schema)
        batch = BatchOperations(self.context, impl=impl)
        self.listen(batch)
        yield batch

    def _bind(self) -> Any:
        self.recorded.missed("op.get_bind", self._line())
        return self._nowhere

    def _run_async(self, *_: Any, **__: Any) -> Any:
        self.recorded.missed("op.run_async", self._line())
        return self._nowhere

    def _executed(self, *_: Any, **__: Any) -> Any:
        self.recorded.missed("SQL past the operations", self._line())
        return self._nowhere

    def _line(self) -> int:
        """Where in the revision's file we are."""
        # inspect.stack() would read each file of the stack.
        frame: FrameType | None = sys._getframe()  # noqa: SLF001
        while frame is not None and frame.f_code.co_filename != self._path:
            frame = frame.f_back
        return 0 if frame is None else frame.f_lineno


class _Nowhere:
    """A connection, or what one gives: every method answers with it again, and there are no rows.

    It counts as false, so that a loop that goes on until nothing is left ends; one that waits ends with an error after many calls.
    """

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self._calls = 0

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *_: Any, **__: Any) -> Any:
        self._calls += 1
        if self._calls > _PATIENCE:
            raise TimeoutError
        return self

    def __bool__(self) -> bool:
        return False

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        return
