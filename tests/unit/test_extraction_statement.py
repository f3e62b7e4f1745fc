from __future__ import annotations

import re

import pytest
from sqlalchemy import exists, select
from sqlalchemy.dialects import mysql, postgresql, sqlite

from prisml.definition.define import define_model
from prisml.definition.features import related, resolver
from prisml.definition.split import TimeSplit
from prisml.definition.transforms import days_since, ratio
from prisml.extraction.statement import prediction_statement, training_statement
from tests.support.customers import Account, Customer

FEATURES = {
    "age": Customer.age,
    "segment": related(Customer.account, Account.segment),
    "balance": related(Customer.account, Account.balance),
    "payer": related(Customer.payer, Account.segment),
    "referrer_age": related(Customer.referrer, Customer.age),
    "tenure": days_since(Customer.joined_at),
    "domain": resolver(lambda c: c.email.partition("@")[2], type=str, uses=[Customer.email]),
}


def _training(features=FEATURES, **options):
    definition = define_model(Customer, output="risk", features=features, **{"label": Customer.churned, **options})
    return training_statement(definition, dict.fromkeys(source.path for item in definition.inputs for source in item.sources))


def _columns(sql: str) -> set[str]:
    """The columns between SELECT and FROM, without their labels."""
    return {part.split(" AS ")[0].strip() for part in sql.split("FROM", maxsplit=1)[0].removeprefix("SELECT").split(",")}


def test_only_the_columns_used_are_read():
    """The SELECT names the key, the features' columns, what resolvers use, the label and the split's column, and no others."""
    sql = str(_training(split=TimeSplit(Customer.seen_at)).select)
    assert _columns(sql) == {
        "customers.age",
        "accounts_1.segment",
        "accounts_1.balance",
        "accounts_2.segment",
        "customers_1.age",
        "customers.joined_at",
        "customers.customer_no",
        "customers.email",
        "customers.churned",
        "customers.seen_at",
    }


def test_each_relationship_is_joined_once():
    """Two columns over one relationship share an outer join; two relationships to one table have one each."""
    sql = str(_training().select)
    assert sql.count("JOIN") == sql.count("LEFT OUTER JOIN") == 3
    assert len(re.findall(r"accounts AS accounts_\d", sql)) == 2
    assert len(re.findall(r"customers AS customers_\d", sql)) == 1


def test_a_column_is_read_once():
    """A column that is feature, part of a transform and key at the same time stands once in the SELECT."""
    sql = str(_training({"number": Customer.number, "age": Customer.age, "share": ratio(Customer.age, Customer.number)}).select)
    assert sql.count("customers.customer_no") == sql.count("customers.age") == 1


def test_a_transform_over_a_relationship_joins_it():
    """A related column inside a transform is read over an outer join like any other."""
    sql = str(_training({"share": ratio(related(Customer.account, Account.balance), Customer.age)}).select)
    assert "LEFT OUTER JOIN accounts AS accounts_1" in sql


@pytest.mark.parametrize("dialect", [sqlite.dialect(), postgresql.dialect(), mysql.dialect()], ids=lambda dialect: dialect.name)
def test_names_of_columns_do_not_collide(dialect):
    """On every dialect each column of the SELECT has a name of its own, though three tables have an ``age`` or ``segment``."""
    labels = re.findall(r" AS (c\d+)", str(_training().select.compile(dialect=dialect)))
    assert len(labels) == len(set(labels)) == len(_training().names)


def test_where_filters_rows_and_count_alike():
    """The filter stands in the statement and in the count, and the count joins nothing."""
    statement = _training(where=Customer.age > 18)
    assert "WHERE customers.age > " in str(statement.select)
    assert "WHERE customers.age > " in str(statement.total)
    assert "JOIN" not in str(statement.total)


def test_label_may_be_a_subquery():
    """A label that looks into another table in a subquery leaves the rows of the entity as they are."""
    label = exists(select(Account.id).where(Account.id == Customer.account_id))
    statement = _training({"age": Customer.age}, label=label)
    assert "EXISTS (SELECT" in str(statement.select)
    assert str(statement.select).split("FROM")[-1].strip() == "customers"


def test_pages_are_ordered_by_the_key():
    """A page continues after a key, ordered by the key, and limited."""
    sql = str(_training().page(100, (7,)))
    assert "WHERE customers.customer_no > " in sql
    assert "ORDER BY customers.customer_no" in sql
    assert "LIMIT" in sql


def test_keys_are_bound_and_not_written_out():
    """The key that a page continues after is a bind parameter, never a part of the SQL's text."""
    assert "987654321" not in str(_training().page(100, (987654321,)))


def test_rows_to_predict_need_neither_label_nor_split():
    """Reading rows to predict selects no label and no split column."""
    definition = define_model(
        Customer, output="risk", label=Customer.churned, features={"age": Customer.age}, split=TimeSplit(Customer.seen_at)
    )
    sql = str(prediction_statement(definition, [("age",)], "age > 3").select)
    assert _columns(sql.split("WHERE", maxsplit=1)[0]) == {"customers.age", "customers.customer_no"}


def test_a_condition_cannot_mean_a_joined_column():
    """The condition for rows to predict is looked up in the entity's own table: its ``age`` is not the referrer's."""
    definition = define_model(Customer, output="risk", label=Customer.churned, features=FEATURES)
    statement = prediction_statement(definition, dict.fromkeys(s.path for i in definition.inputs for s in i.sources), "age > 3")
    assert "IN (SELECT customers.customer_no \nFROM customers \nWHERE (age > 3))" in str(statement.select)
