"""``prisml features``."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterable

import click

from prisml.cli import document, options, render
from prisml.cli.settings import read_config
from prisml.commands.database import open_database
from prisml.commands.features import Explained, Row, Shown, explain
from prisml.commands.features import features as read_features
from prisml.commands.targets import Definition, find_definition


@options.command(
    "prisml features shop/ml/churn.py --limit 5 --database sqlite:///shop.db",
    "prisml features shop.ml.churn:churn --explain",
    _0="shown, even where there is no row",
    _2="a definition or a value is wrong, wrong usage, or a bug",
)
@click.argument("target", metavar="MODULE | FILE | MODULE:VARIABLE")
@click.option("--limit", type=click.IntRange(1, 10_000), default=5, show_default=True, help="How many rows, for each date of as_of.")
@click.option("--explain", "only_sql", is_flag=True, help="Show the SQL in place of rows: one SELECT, and its parameters.")
@options.database
@options.as_json
def features(target: str, limit: int, only_sql: bool, database: str | None, as_json: bool) -> None:
    """Show what training would read: a few rows, or the SQL.

    The first rows by primary key, each seen at its as_of, with every feature as the model sees it: numbers as float32, categories by
    name, nothing where a value is missing. A row without a label is shown without features: training drops it. What is shown are
    values of the database: mind who sees them.
    """
    config = read_config(database=database)
    definition = find_definition(target)
    with open_database(config.database) as opened, contextlib.redirect_stdout(sys.stderr):
        explained = explain(definition, database=opened) if only_sql else None
        rows = () if only_sql else read_features(definition, database=opened, limit=limit)
    if as_json:
        render.write_json(document.answer(model=definition.name, **(_sql(explained) if explained else {"rows": [*map(_row, rows)]})))
    elif explained is not None:
        _write_sql(explained)
    else:
        _write_rows(definition, rows)


def _sql(explained: Explained) -> dict[str, object]:
    return {"sql": explained.sql, "parameters": {name: [str(value) for value in values] for name, values in explained.parameters.items()}}


def _row(row: Row) -> dict[str, object]:
    key = {name: value if isinstance(value, int) else str(value) for name, value in row.key.items()}
    return {"key": key, "as_of": row.as_of, "features": dict(row.features), "label": row.label}


def _write_sql(explained: Explained) -> None:
    render.say(explained.sql)
    for name, values in explained.parameters.items():
        render.say(f"  {name} = {', '.join(map(str, values))}")


def _write_rows(definition: Definition, rows: Iterable[Row]) -> None:
    """A table of the rows: a column for each, since features are many and rows few."""
    shown = list(rows)
    names = [item.name for item in definition.inputs]
    lines = [
        ("as_of", *("-" if row.as_of is None else render.moment(row.as_of) for row in shown)),
        *((name, *(_text(row.features.get(name)) for row in shown)) for name in names),
        ("label", *("dropped" if row.label is None else str(row.label) for row in shown)),
    ]
    heads = [", ".join(str(value) for value in row.key.values()) for row in shown]
    columns = (", ".join(definition.key), *heads)
    render.console().print(render.table(f"{definition.name}: {definition.entity.__name__}", columns, lines, right=heads))


def _text(value: Shown) -> str:
    return "-" if value is None else render.number(value) if isinstance(value, float) else str(value)
