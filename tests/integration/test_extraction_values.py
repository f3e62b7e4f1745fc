from __future__ import annotations

import math
import tracemalloc
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest
from sqlalchemy import Float, ForeignKey, Integer, String, TypeDecorator, cast, func, insert, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, aliased, mapped_column, relationship

from prisml.definition.define import define_model
from prisml.definition.features import Feature, expression, related, resolver
from prisml.definition.split import GroupSplit, TimeSplit
from prisml.definition.transforms import days_since, hour_of
from prisml.errors import DatabaseConnectionError, DefinitionError, EncodingError, FeatureExtractionError, NoDataError
from prisml.extraction.rows import stream_rows
from prisml.extraction.stream import extract
from tests.support.customers import Account, Customer, Plan, create, customer
from tests.support.database import opened, statements

NOW = datetime(2024, 1, 1, tzinfo=UTC)

NAN = float("nan")
NOON = datetime(2024, 5, 1, 12)


def _define(features=None, **options):
    return define_model(
        Customer, output="risk", features=features or {"age": Customer.age}, **{"label": Customer.churned, "name": "risk", **options}
    )


def _extract(url, rows, definition, accounts=(), **options):
    with opened(url) as engine:
        create(engine, rows, list(accounts))
        return extract(definition, engine, **options)


def test_values_arrive_as_they_were_stored(database_url):
    """Numbers, decimals, text, Enum members, moments and NULLs come out of each database as the same matrix."""
    features = {
        "age": Customer.age,
        "spent": Customer.spent,
        "plan": Customer.plan,
        "email": Customer.email,
        "hour": hour_of(Customer.joined_at),
        "tenure": days_since(Customer.joined_at),
        "balance": related(Customer.account, Account.balance),
    }
    rows = [
        customer(1, age=30, spent=1.5, plan=Plan.PAID, email="é", joined_at=NOON, account_id=1),
        customer(2, age=None, spent=None, plan=None, email=None, joined_at=None),
        customer(3, age=40, spent=-2.25, plan=Plan.FREE, email="b", joined_at=NOON, account_id=1),
    ]
    found = _extract(database_url, rows, _define(features), [{"id": 1, "balance": Decimal("12.34")}])
    tenure = np.float32((datetime.fromtimestamp(found.as_of / 1e6, UTC).replace(tzinfo=None) - NOON) / timedelta(days=1))
    expected = [[30, 1.5, 0, 0, 12, tenure, 12.34], [NAN, NAN, -1, -1, NAN, NAN, NAN], [40, -2.25, 1, 1, 12, tenure, 12.34]]
    np.testing.assert_array_equal(found.matrix, np.array(expected, np.float32))
    assert found.categories == (None, None, ("PAID", "FREE"), ("é", "b"), None, None, None)
    assert found.matrix.dtype == np.float32


def test_rows_without_a_label_are_dropped_and_counted(database_url):
    """A NULL label, the first, last and all of a page too, drops its row from matrix, labels and split, and is counted."""
    churned = [None, True, False, None, None, None, True, None]
    rows = [customer(n, age=n, churned=label, seen_at=NOON.replace(hour=n, tzinfo=UTC)) for n, label in enumerate(churned)]
    found = _extract(database_url, rows, _define(split=TimeSplit(Customer.seen_at)), page_size=3)
    assert found.matrix[:, 0].tolist() == [1, 2, 6]
    assert [found.label_values[code] for code in found.labels] == [True, False, True]
    assert [datetime.fromtimestamp(value / 1e6, UTC).hour for value in found.split_values] == [1, 2, 6]
    assert (found.extracted, found.dropped.null_label) == (8, 5)


def test_only_null_labels_is_an_error(sqlite_url):
    """Where every label is NULL there is nothing to train on, and the error says so."""
    with pytest.raises(NoDataError, match="2 for a NULL label"):
        _extract(sqlite_url, [customer(n, churned=None) for n in range(2)], _define())


def _sum_of_ages():
    """Each customer's age as a sum, which some databases give as a decimal."""
    same = aliased(Customer)
    return select(func.sum(same.age)).where(same.number == Customer.number).scalar_subquery()


@pytest.mark.parametrize(
    ("label", "options", "expected"),
    [
        (Customer.churned, {}, [True, False]),
        (Customer.plan, {"task": "binary", "positive": Plan.PAID}, ["PAID", "FREE"]),
        (Customer.email, {"task": "multiclass"}, ["a@x", "b@y"]),
        (Customer.age, {"task": "multiclass"}, [5, 7]),
        (expression(Customer.age > 6), {}, [False, True]),
        (expression(_sum_of_ages()), {"task": "multiclass"}, [5, 7]),
        (resolver(lambda c: c.age > 6, type=bool, uses=[Customer.age]), {}, [False, True]),
        (resolver(lambda c, as_of: c.plan, type=Plan, uses=[Customer.plan]), {"task": "multiclass"}, ["PAID", "FREE"]),
    ],
)
def test_classes_are_coded_in_the_order_of_appearance(database_url, label, options, expected):
    """Labels of a bool, Enum, text or integer column, SQL or a resolver become codes into their values, an Enum's member by name."""
    rows = [
        customer(1, age=5, churned=True, plan=Plan.PAID, email="a@x"),
        customer(2, age=7, churned=False, plan=Plan.FREE, email="b@y"),
        customer(3, age=5, churned=True, plan=Plan.PAID, email="a@x"),
    ]
    found = _extract(database_url, rows, _define({"spent": Customer.spent}, label=label, **options))
    assert list(found.label_values) == expected
    assert list(map(type, found.label_values)) == list(map(type, expected))
    assert found.labels.tolist() == [0, 1, 0]
    assert found.labels.dtype == np.int32


@pytest.mark.parametrize(
    ("label", "task"),
    [
        (Customer.age, "regression"),
        (Customer.spent, None),
        (expression(cast(Customer.age, Float) / 2), None),
        (resolver(lambda c: None if c.age == 9 else c.age, type=float, uses=[Customer.age]), None),
        (resolver(lambda c: Decimal("NaN") if c.age == 9 else c.age, type=Decimal, uses=[Customer.age]), None),
    ],
)
def test_numbers_to_learn_are_float64(database_url, label, task):
    """A regression's labels are float64, whether they come from a column, from SQL or a resolver; missing ones are dropped."""
    rows = [customer(1, age=3, spent=3.0), customer(2, age=4, spent=4.0)]
    found = _extract(database_url, rows, _define({"plan": Customer.plan}, label=label, task=task))
    assert found.labels.dtype == np.float64
    assert found.labels[1] / found.labels[0] == 4 / 3
    assert found.label_values == ()


def test_a_nan_to_learn_is_a_missing_label(sqlite_url):
    """A resolver that gives NaN as the number to learn drops the row, as None does."""
    label = resolver(lambda c: {1: 1.0, 2: NAN, 3: None}[c.age], type=float, uses=[Customer.age])
    found = _extract(sqlite_url, [customer(n, age=n) for n in (1, 2, 3)], _define({"spent": Customer.spent}, label=label))
    assert found.labels.tolist() == [1.0]
    assert found.dropped.null_label == 2


@pytest.mark.parametrize(
    ("fn", "kind", "task", "reason"),
    [
        (lambda c: "high", float, None, "declared as float, and some row gives a str"),
        (lambda c: True, float, None, "gives a bool"),
        (lambda c: 1.0, str, "multiclass", "declared as str, and some row gives a float"),
        (lambda c: 2, bool, None, "declared as bool, and some row gives an int"),
        (lambda c: True, int, "multiclass", "declared as int, and some row gives a bool"),
        (lambda c: math.inf, float, None, "infinite"),
    ],
)
def test_a_label_of_another_type_is_refused(sqlite_url, fn, kind, task, reason):
    """A label that is not of the type declared is an error that names the types, never converted."""
    label = resolver(fn, type=kind, uses=[Customer.age])
    with pytest.raises(FeatureExtractionError, match=reason):
        _extract(sqlite_url, [customer(1)], _define({"spent": Customer.spent}, label=label, task=task))


def test_time_splits_are_in_utc_microseconds(database_url):
    """The column of a time split comes as microseconds since 1970 in UTC, from aware and from naive datetimes alike."""
    joined = datetime(2024, 5, 1, 12, 30, 15)
    rows = [customer(1, joined_at=joined, seen_at=joined.replace(tzinfo=UTC))]
    for column in (Customer.joined_at, Customer.seen_at):
        with opened(database_url) as engine:
            create(engine, rows)
            found = extract(_define(split=TimeSplit(column)), engine)
            with engine.begin() as connection:
                connection.execute(text("DELETE FROM customers"))
        assert found.split_values.tolist() == [int(joined.replace(tzinfo=UTC).timestamp() * 1e6)]
        assert found.split_values.dtype == np.int64


def test_a_row_without_a_time_cannot_be_split(sqlite_url):
    """A NULL in the column of a time split is an error that says so: the row is neither before nor after."""
    with pytest.raises(FeatureExtractionError, match="time split is NULL"):
        _extract(sqlite_url, [customer(1)], _define(split=TimeSplit(Customer.seen_at)))


def test_groups_are_coded(database_url):
    """The column of a group split comes as codes, equal for equal values; NULL is a group of its own."""
    rows = [customer(n, email=email) for n, email in enumerate(["b", "a", None, "b", None])]
    found = _extract(database_url, rows, _define(split=GroupSplit(Customer.email)), page_size=2)
    assert found.split_values.tolist() == [0, 1, 2, 0, 2]
    assert found.split_values.dtype == np.int32


def test_related_columns_are_those_of_the_related_row(database_url):
    """To-one columns follow the foreign key, missing where it is NULL; two relationships to one table, and one to itself, stay apart."""
    features = {
        "number": Customer.number,
        "balance": related(Customer.account, Account.balance),
        "segment": related(Customer.account, Account.segment),
        "payer": related(Customer.payer, Account.balance),
        "referrer_age": related(Customer.referrer, Customer.age),
    }
    accounts = [{"id": 1, "balance": 10, "segment": "a"}, {"id": 2, "balance": 20, "segment": None}]
    rows = [
        customer(1, age=31, account_id=1, payer_id=2),
        customer(2, age=32, account_id=2, payer_id=None, referrer_no=1),
        customer(3, age=33, account_id=None, payer_id=1, referrer_no=2),
    ]
    found = _extract(database_url, rows, _define(features), accounts)
    expected = [[1, 10, 0, 20, NAN], [2, 20, -1, NAN, 31], [3, NAN, -1, 10, 32]]
    np.testing.assert_array_equal(found.matrix, np.array(expected, np.float32))


def test_where_selects_the_rows(database_url):
    """Only rows that the filter's SQL selects are read; it may look into another table in a subquery."""
    rows = [customer(n, age=n, account_id=1 if n % 2 else None) for n in range(10)]
    where = (Customer.age > 3) & Customer.account.has(Account.segment == "a")
    found = _extract(database_url, rows, _define(where=where), [{"id": 1, "segment": "a"}])
    assert found.matrix[:, 0].tolist() == [5, 7, 9]
    assert found.extracted == 3


def test_memory_grows_by_the_matrix_alone(sqlite_url):
    """Ten times the rows need no more memory above the matrix: no list of all rows is kept anywhere."""
    with opened(sqlite_url) as engine:
        create(engine, [customer(n, email=f"{n % 7}@example.org", spent=n / 3) for n in range(20_000)])
        features = {"age": Customer.age, "spent": Customer.spent, "email": Customer.email}

        def above_the_matrix(rows):
            tracemalloc.start()
            found = extract(_define(features, where=Customer.number < rows), engine, page_size=500)
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            return peak - found.matrix.nbytes - found.labels.nbytes - found.keys.nbytes

        above_the_matrix(1_000)
        few, many = above_the_matrix(2_000), above_the_matrix(20_000)
    assert many < few + 200_000


class Base(DeclarativeBase):
    pass


class Careful(TypeDecorator[str]):
    """Refuses some values, and quotes them."""

    impl = String(20)
    cache_ok = True

    def process_result_value(self, value, dialect):
        if value == "open-sesame":
            message = f"cannot read {value}"
            raise ArithmeticError(message)
        return None if value is None else value.upper()


class Owner(Base):
    __tablename__ = "owners"

    id: Mapped[int] = mapped_column(primary_key=True)


class Item(Base):
    __tablename__ = "items"

    id: Mapped[int] = mapped_column(primary_key=True)
    word: Mapped[str] = mapped_column(Careful)
    when: Mapped[date]
    size: Mapped[int]
    flag: Mapped[bool]
    owner_id: Mapped[int] = mapped_column(ForeignKey("owners.id"))


Owner.item = relationship(Item, uselist=False)


def _items(engine, *rows):
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        for row in rows:
            connection.exec_driver_sql(f"INSERT INTO items (id, word, {_quoted(engine, 'when')}, size, flag, owner_id) VALUES {row}")


def _quoted(engine, name):
    return engine.dialect.identifier_preparer.quote(name)


FEATURES = {"word": Item.word, "month": days_since(Item.when), "size": Item.size}


def _item_definition(**options):
    return define_model(Item, output="guess", label=Item.flag, features=FEATURES, **options)


def test_a_type_decorator_is_heeded(database_url):
    """What a TypeDecorator makes of a stored value is what the model learns from."""
    with opened(database_url) as engine:
        Base.metadata.create_all(engine)
        with engine.begin() as connection:
            connection.execute(insert(Owner), [{"id": 1}])
            connection.execute(insert(Item), [{"id": 1, "word": "abc", "when": NOON.date(), "size": 1, "flag": True, "owner_id": 1}])
        assert extract(_item_definition(), engine).categories[0] == ("ABC",)


@pytest.mark.parametrize(
    ("row", "column", "error"),
    [
        ((2, "open-sesame", "2024-05-01", 1, True, 1), "feature 'word'", "ArithmeticError"),
        ((2, "abc", "open-sesame", 1, True, 1), "feature 'month'", "ValueError"),
    ],
)
def test_a_value_that_cannot_be_read_is_an_error(sqlite_url, row, column, error):
    """A value that its type decorator or the driver refuses stops the extraction: the feature and the error's type are named, no value."""
    with opened(sqlite_url) as engine:
        _items(engine, (1, "abc", "2024-05-01", 1, True, 1), row)
        with pytest.raises(FeatureExtractionError, match=error) as caught:
            extract(_item_definition(), engine)
    assert caught.value.context["column"] == column
    assert caught.value.__suppress_context__
    assert "open-sesame" not in f"{caught.value} {dict(caught.value.context)}"


def test_a_value_of_another_type_is_an_error_with_its_key(sqlite_url):
    """A text that SQLite let into an integer column is refused with feature, type and the row's key, and without the text."""
    with opened(sqlite_url) as engine:
        _items(engine, (1, "abc", "2024-05-01", 1, True, 1), (77, "abc", "2024-05-01", "open-sesame", True, 1))
        with pytest.raises(EncodingError, match="id=77") as caught:
            extract(_item_definition(), engine)
    assert caught.value.context["feature"] == "size"
    assert caught.value.context["type"] == "str"
    assert "open-sesame" not in f"{caught.value} {dict(caught.value.context)}"


def test_a_missing_table_is_told(database_url):
    """A table that the database does not have is named, with what to do."""
    with opened(database_url) as engine, pytest.raises(FeatureExtractionError, match="items") as caught:
        extract(_item_definition(), engine)
    assert "Bring the database up to date" in str(caught.value)


def test_a_missing_column_is_told(database_url):
    """A column that the table does not have is named, with what to do."""
    with opened(database_url) as engine:
        with engine.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE items (id INTEGER PRIMARY KEY, flag BOOLEAN)")
        with pytest.raises(FeatureExtractionError, match="word") as caught:
            _with_a_row(engine)
    assert "correct the mapping" in str(caught.value)


def _with_a_row(engine):
    with engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO items VALUES (1, true)")
    extract(_item_definition(), engine)


def test_a_database_error_shows_no_value(postgresql_url):
    """A server's message that quotes a value is not repeated: only its type is told, and the rows before it are not trained on."""
    label = expression(cast(Customer.email, Integer) > 3)
    with opened(postgresql_url) as engine:
        create(engine, [customer(1, email="5"), customer(2, email="open-sesame")])
        with pytest.raises(FeatureExtractionError, match="InvalidTextRepresentation") as caught:
            extract(_define(label=label), engine)
    assert "open-sesame" not in f"{caught.value} {dict(caught.value.context)}"


def test_a_lost_connection_is_a_connection_error(postgresql_url):
    """A server that ends each session in the middle of its extraction is a DatabaseConnectionError, exit code 3, not a smaller matrix."""
    with opened(postgresql_url) as engine, opened(postgresql_url) as other:
        create(engine, [customer(n) for n in range(20)])

        def end(step, done, total):
            if done == 10:
                sessions = "FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()"
                with other.begin() as connection:
                    connection.execute(text(f"SELECT pg_terminate_backend(pid) {sessions}"))

        # A resolver has rows read page by page.
        features = {"years": resolver(lambda row: row.age, type=int, uses=[Customer.age])}
        with pytest.raises(DatabaseConnectionError, match="stopped answering") as caught:
            extract(_define(features), engine, page_size=10, progress=end)
    assert caught.value.exit_code == 3


def test_a_to_one_relationship_with_two_rows_is_noticed(sqlite_url):
    """A relationship declared to-one whose table has two rows for one entity is an error, not a training row more."""
    definition = define_model(
        Owner,
        output="guess",
        label=resolver(lambda o: o.id > 1, type=bool, uses=[Owner.id]),
        features={"size": related(Owner.item, Item.size)},
    )
    with opened(sqlite_url) as engine:
        _items(engine, (1, "a", "2024-05-01", 1, True, 1), (2, "b", "2024-05-01", 2, True, 1))
        with engine.begin() as connection:
            connection.execute(insert(Owner), [{"id": 1}])
        with pytest.raises(FeatureExtractionError, match="at most one row"):
            extract(definition, engine)


def test_resolvers_compute_from_the_row(database_url):
    """A resolver gets the columns it uses, datetimes aware and in UTC on each database, and the moment of extraction."""
    features = {
        "domain": resolver(lambda c: c.email.partition("@")[2], type=str, uses=[Customer.email]),
        "naive": resolver(lambda c, as_of: (as_of - c.joined_at).days, type=int, uses=[Customer.joined_at]),
        "aware": resolver(lambda c, as_of: (as_of - c.seen_at).days, type=int, uses=[Customer.seen_at]),
    }
    rows = [customer(1, email="a@b.c", joined_at=NOON, seen_at=NOON.replace(tzinfo=UTC))]
    found = _extract(database_url, rows, _define(features))
    days = (datetime.fromtimestamp(found.as_of / 1e6, UTC) - NOON.replace(tzinfo=UTC)).days
    assert found.matrix.tolist() == [[0, days, days]]
    assert found.categories[0] == ("b.c",)


def test_a_raising_resolver_names_feature_and_key(sqlite_url):
    """A resolver that raises stops the extraction: feature, key, error type and line are told, the value it quoted is not."""

    def broken(row):
        if row.email == "open-sesame":
            raise ValueError(row.email)
        return 1.0

    features = {"score": resolver(broken, type=float, uses=[Customer.email])}
    rows = [customer(n, email="open-sesame" if n == 7 else "fine") for n in range(10)]
    with pytest.raises(FeatureExtractionError, match="raised ValueError for the row with number=7") as caught:
        _extract(sqlite_url, rows, _define(features), page_size=4)
    assert caught.value.context["feature"] == "score"
    assert "test_extraction_values.py, line" in caught.value.message
    assert "open-sesame" not in f"{caught.value} {dict(caught.value.context)}"
    assert caught.value.__suppress_context__


def test_an_undeclared_attribute_is_a_definition_error(sqlite_url):
    """A resolver that reads a column missing from its uses is told which, also where it would catch an AttributeError."""
    features = {"score": resolver(lambda c: getattr(c, "age", 1.0), type=float, uses=[Customer.email])}
    with pytest.raises(DefinitionError, match="'score' reads 'age', which is not in its uses"):
        _extract(sqlite_url, [customer(1)], _define(features))


def test_a_resolver_of_the_wrong_type_is_refused_with_the_key(sqlite_url):
    """A resolver that gives another type than it declares is an EncodingError with feature, type and key."""
    features = {"score": resolver(lambda c: "high", type=float, uses=[Customer.email])}
    with pytest.raises(EncodingError, match="number=3") as caught:
        _extract(sqlite_url, [customer(3)], _define(features))
    assert caught.value.context["type"] == "str"


def test_missing_refused_by_a_feature_names_the_key(sqlite_url):
    """``missing="error"`` stops the extraction at the row, whose key is told."""
    rows = [customer(n, age=None if n == 5 else n, churned=None if n == 2 else True) for n in range(8)]
    with pytest.raises(EncodingError, match="number=5"):
        _extract(sqlite_url, rows, _define({"age": Feature(Customer.age, missing="error")}), page_size=3)


def test_extraction_reads_no_column_twice_and_only_pages(sqlite_url):
    """An extraction of three pages sends a count and three SELECTs, each of only the columns used."""
    with opened(sqlite_url, journal="wal") as engine:
        create(engine, [customer(n) for n in range(25)])
        with statements(engine) as sent:
            extract(_define(), engine, page_size=10)
    selects = [sql for sql in sent if "customers" in sql]
    assert len(selects) == 4
    assert not [sql for sql in sent if "email" in sql or "secret" in sql]


def test_rows_to_predict_are_nested_mappings(database_url):
    """Rows for a prediction come by key, as mappings by attribute name, with related columns in mappings of their own."""
    features = {
        "age": Customer.age,
        "segment": related(Customer.account, Account.segment),
        "domain": resolver(lambda c: c.email, type=str, uses=[Customer.email]),
    }
    rows = [customer(n, age=n, email=f"{n}@x", account_id=1 if n == 4 else None) for n in range(6)]
    with opened(database_url) as engine:
        create(engine, rows, [{"id": 1, "segment": "a"}])
        found = list(stream_rows(_define(features, where=Customer.age < 0), engine, "age = 4 OR age = 5", NOW))
    assert found == [
        ({"number": 4}, {"age": 4, "email": "4@x", "account": {"segment": "a"}}),
        ({"number": 5}, {"age": 5, "email": "5@x", "account": {"segment": None}}),
    ]


def test_a_condition_may_hold_percent_and_colon(database_url):
    """The condition goes to the database as it is: ``%`` and ``:name`` in it are text, and ``OR`` does not reach outside."""
    with opened(database_url) as engine:
        create(engine, [customer(n, email=f"{n}% :x") for n in range(3)])
        found = list(stream_rows(_define(), engine, "email LIKE '1%' OR email = '2% :x'", NOW))
    assert [key["number"] for key, _ in found] == [1, 2]


def test_all_rows_to_predict_without_a_condition(sqlite_url):
    """Without a condition every row comes, over as many pages as it takes."""
    with opened(sqlite_url) as engine:
        create(engine, [customer(n) for n in range(2_500)])
        assert [key["number"] for key, _ in stream_rows(_define(), engine, None, NOW)] == list(range(2_500))


def test_a_condition_that_the_database_refuses_is_told(database_url):
    """A mistyped column in a condition is named."""
    with opened(database_url) as engine:
        create(engine, [customer(1)])
        with pytest.raises(FeatureExtractionError, match="agee"):
            list(stream_rows(_define(), engine, "agee > 3", NOW))
