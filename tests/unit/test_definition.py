"""What a definition holds once it is made."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import types

import pytest
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.tree import DecisionTreeClassifier, ExtraTreeClassifier
from sqlalchemy import exists, func, select
from sqlalchemy.orm import class_mapper

from prisml.definition import (
    Expression,
    Feature,
    Gate,
    GroupSplit,
    RandomSplit,
    Related,
    Resolver,
    TimeSplit,
    Transform,
    days_since,
    define_model,
    difference,
    expression,
    hour_of,
    hours_since,
    is_missing,
    length,
    log1p,
    month_of,
    ratio,
    related,
    resolver,
    weekday_of,
)
from prisml.definition import model as definition_model
from prisml.errors import ConfigurationError, DefinitionError
from prisml.manifest import Input, Source
from tests.support.shop import Account, Agent, Customer, Order, Segment

churn = define_model(Customer, output="churn", label=Customer.churned, features={"age": Customer.age})
twice = also = define_model(Customer, output="churn", label=Customer.churned, features={"age": Customer.age})
_hidden = define_model(Customer, output="churn", label=Customer.churned, features={"age": Customer.age})


def define(features=None, **options):
    """A definition on Customer that is right but for what a test gives."""
    given = {"output": "churn", "label": Customer.churned, "name": "churn", **options}
    return define_model(Customer, features={"age": Customer.age} if features is None else features, **given)


def only_input(feature, **options) -> Input:
    """The input that one feature called ``x`` becomes."""
    (read,) = define({"x": feature}, **options).inputs
    return read


def test_a_definition_keeps_features_in_order_and_wraps_bare_columns():
    """Features stay in the order in which they are written, and a bare column is a Feature."""
    made = define({"mail": Customer.email, "age": Feature(Customer.age, stable=True), "days": days_since(Customer.joined_at)})
    assert list(made.features) == ["mail", "age", "days"] == [read.name for read in made.inputs]
    assert made.features["mail"] == Feature(Customer.email)
    assert made.features["age"] == Feature(Customer.age, stable=True)


def test_definitions_cannot_be_changed():
    """Neither an attribute nor the mapping of features of a definition can be changed."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        churn.output = "other"
    with pytest.raises(TypeError):
        churn.features["x"] = Feature(Customer.email)


def test_feature_values_compare_equal_by_what_they_read():
    """Two features that say the same are equal, and those of different columns are not."""
    assert Feature(Customer.age) == Feature(Customer.age) != Feature(Customer.low)
    assert days_since(Customer.born) == Transform("days_since", (Customer.born,)) != hours_since(Customer.born)
    assert related(Customer.account, Account.credit) == Related(Customer.account, Account.credit)


@pytest.mark.parametrize(
    ("column", "kind", "dtype"),
    [
        ("age", "number", "int"),
        ("rating", "number", "float"),
        ("points", "number", "float"),
        ("spent", "number", "decimal"),
        ("exact", "number", "decimal"),
        ("owed", "number", "decimal"),
        ("member", "number", "bool"),
        ("email", "category", "str"),
        ("city", "category", "str"),
        ("state", "category", "str"),
        ("segment", "category", "enum"),
    ],
)
def test_the_type_of_a_column_comes_from_the_mapping(column, kind, dtype):
    """Numbers, Decimals, bools, text, strings' and Python's Enums, and decorated types are read from the column's SQL type."""
    read = only_input(getattr(Customer, column))
    assert (read.kind, read.dtype, read.origin) == (kind, dtype, "column")
    assert read.sources == (Source(path=(column,), dtype=dtype),)


def test_an_int_column_can_be_made_a_category():
    """With categorical=True an int is a category whose codes are not known before training."""
    read = only_input(Feature(Customer.account_id, categorical=True))
    assert (read.kind, read.dtype, read.categories, read.missing) == ("category", "int", (), "code")


def test_a_related_column_is_reached_by_the_names_of_attributes():
    """The path goes over the relationship's attribute, and the type is that of the related column."""
    read = only_input(related(Customer.account, Account.segment))
    assert (read.origin, read.kind) == ("related", "category")
    assert read.sources == (Source(path=("account", "segment"), dtype="enum"),)


@pytest.mark.parametrize(
    ("transform", "op", "paths"),
    [
        (days_since(Customer.joined_at), "days_since", [("joined_at",)]),
        (hours_since(Customer.born), "hours_since", [("born",)]),
        (hour_of(Customer.joined_at), "hour_of", [("joined_at",)]),
        (weekday_of(Customer.born), "weekday_of", [("born",)]),
        (month_of(related(Customer.account, Account.opened)), "month_of", [("account", "opened")]),
        (log1p(Customer.spent), "log1p", [("spent",)]),
        (length(Customer.email), "length", [("email",)]),
        (is_missing(Customer.segment), "is_missing", [("segment",)]),
        (ratio(Customer.spent, related(Customer.account, Account.credit)), "ratio", [("spent",), ("account", "credit")]),
        (difference(Customer.joined_at, Customer.born), "difference", [("joined_at",), ("born",)]),
    ],
)
def test_a_transform_is_a_number_made_of_its_columns(transform, op, paths):
    """Each transform becomes a float input that names its operation and the paths of its columns in order."""
    read = only_input(transform)
    assert (read.origin, read.kind, read.dtype, read.transform) == ("transform", "number", "float", op)
    assert [source.path for source in read.sources] == paths


@pytest.mark.parametrize(
    ("returned", "kind", "dtype"),
    [(float, "number", "float"), (int, "number", "int"), (bool, "number", "bool"), (str, "category", "str"), (Segment, "category", "enum")],
)
def test_a_resolver_is_of_the_type_it_says(returned, kind, dtype):
    """A resolver reads no source of the encoder, and its type is the declared one."""
    made = define({"x": resolver(lambda c: c.email, type=returned, uses=[Customer.email])})
    assert (made.inputs[0].kind, made.inputs[0].dtype, made.inputs[0].sources) == (kind, dtype, ())
    assert list(made.resolvers) == ["x"]
    assert made.resolvers["x"].uses == (Customer.email,)


def test_a_resolver_may_take_the_moment_of_prediction():
    """A function of two arguments is called with the moment; an argument with a default is left alone."""
    with_moment = resolver(lambda c, as_of: as_of.year, type=int, uses=[Customer.age])
    with_default = resolver(lambda c, factor=2: factor, type=int, uses=[Customer.age])
    assert (with_moment.takes_as_of, with_default.takes_as_of) == (True, False)


def test_table_columns_become_attributes_of_the_class():
    """A column given as the table's is stored as the class's attribute, by its name there."""
    table = Customer.__table__
    made = define({"number": table.c.customer_id}, label=table.c.churned, split=GroupSplit(table.c.account_id))
    assert made.inputs[0].sources[0].path == ("id",)
    assert made.features["number"] == Feature(Customer.id)
    assert made.label is Customer.churned
    assert made.split == GroupSplit(Customer.account_id)


@pytest.mark.parametrize(
    ("feature", "algorithm", "missing", "imputation"),
    [
        (Customer.age, "hist_gradient_boosting", "nan", None),
        (Customer.age, "random_forest", "nan", None),
        (Customer.age, "gradient_boosting", "nan", "median"),
        (Customer.age, ExtraTreesClassifier(), "nan", None),
        (Customer.age, ExtraTreeClassifier(splitter="best"), "nan", "median"),
        (Customer.age, DecisionTreeClassifier(monotonic_cst=[1]), "nan", "median"),
        (Feature(Customer.age, missing="mean"), "hist_gradient_boosting", "nan", "mean"),
        (Feature(Customer.age, missing=0), "random_forest", "nan", 0.0),
        (Feature(Customer.age, missing="error"), "random_forest", "error", None),
        (Customer.email, "random_forest", "code", None),
        (Feature(Customer.email, missing="none"), "random_forest", "code", "none"),
        (Feature(Customer.segment, missing=Segment.BUSINESS), "random_forest", "code", "BUSINESS"),
        (Feature(Customer.email, missing="most_frequent"), "random_forest", "code", "most_frequent"),
        (Feature(Customer.email, missing="error"), "random_forest", "error", None),
        (ratio(Customer.age, Customer.low, missing=-1.5), "ridge", "nan", -1.5),
    ],
)
def test_the_missing_rule_follows_the_algorithm_unless_it_is_given(feature, algorithm, missing, imputation):
    """Numbers are native where the estimator takes NaN and the median elsewhere, categories have a code, and what is given holds."""
    label = {"label": Customer.rating} if algorithm == "ridge" else {}
    read = only_input(feature, algorithm=algorithm, **label)
    assert (read.missing, read.imputation) == (missing, imputation)


def test_a_row_cannot_give_a_feature_by_the_name_of_another_column():
    """A feature called like an attribute it does not consist of, whatever kind of one, is never read under its own name."""
    others = ("id", "account", "is_adult", "years", "span", "banks", "nickname", "describe")
    features = {"age": Customer.age, "email": length(Customer.email), "x": Customer.low} | dict.fromkeys(others, Customer.low)
    names = {read.name: read.by_name for read in define(features).inputs}
    assert names == {"age": True, "email": False, "x": True, **dict.fromkeys(others, False)}
    transforms = define(dict.fromkeys(others, length(Customer.email))).inputs
    assert not any(read.by_name for read in transforms)


@pytest.mark.parametrize(
    ("label", "options", "task", "dtype", "positive"),
    [
        (Customer.churned, {}, "binary", "bool", True),
        (Customer.churned, {"positive": False}, "binary", "bool", False),
        (Customer.rating, {}, "regression", "float", None),
        (Customer.spent, {}, "regression", "decimal", None),
        (Customer.age, {"task": "regression"}, "regression", "int", None),
        (Customer.age, {"task": "multiclass"}, "multiclass", "int", None),
        (Customer.state, {"task": "binary", "positive": "fraud"}, "binary", "str", "fraud"),
        (Customer.segment, {"task": "binary", "positive": Segment.BUSINESS}, "binary", "enum", "BUSINESS"),
        (Customer.age > 3, {}, "binary", "bool", True),
        (Customer.is_adult, {}, "binary", "bool", True),
        (func.coalesce(Customer.spent, 0), {}, "regression", "decimal", None),
        (~exists().where(Order.customer_id == Customer.id), {}, "binary", "bool", True),
        (resolver(lambda c: c.email, type=Segment, uses=[Customer.email]), {"task": "multiclass"}, "multiclass", "enum", None),
    ],
)
def test_the_task_is_inferred_where_the_labels_type_is_certain(label, options, task, dtype, positive):
    """Bool is binary, float and Decimal are a regression, whether the label is a column, SQL or a resolver; the rest is as given."""
    made = define({"x": Customer.low}, label=label, **options)
    assert (made.task, made.label_dtype, made.positive) == (task, dtype, positive)


def test_labels_and_filters_in_sql_are_expressions():
    """SQL is kept as an Expression, with or without expression(); a mapped column stays an attribute."""
    bare, wrapped = define({"x": Customer.low}, label=Customer.age > 3), define({"x": Customer.low}, label=expression(Customer.age > 3))
    assert isinstance(bare.label, Expression)
    assert str(bare.label.sql) == str(wrapped.label.sql)
    assert define().label is Customer.churned
    assert define().where is None
    assert str(define(where=Customer.age > 3).where.sql) == "customers.age > :age_1"
    assert isinstance(define(where=Customer.member).where, Expression)


def test_sql_with_a_subquery_or_several_columns_leaves_its_columns_as_features():
    """Only a column that alone decides the label is withheld from the features."""
    orders = select(func.count(Order.id)).where(Order.customer_id == Customer.id, Order.placed_at > Customer.joined_at).scalar_subquery()
    for label in (orders > 3, Customer.low > Customer.high):
        assert define({"low": Customer.low, "since": days_since(Customer.joined_at)}, label=label).task == "binary"


def test_columns_of_a_parent_class_belong_to_the_child():
    """In joined inheritance, features, label and filter may be of either table."""
    made = define_model(
        Agent,
        output="p",
        label=Agent.churned,
        features={"age": Agent.age, "same": Customer.low, "fee": Agent.fee},
        where=Agent.age < Agent.fee,
    )
    assert [read.sources[0].path for read in made.inputs] == [("age",), ("low",), ("fee",)]


def test_the_split_is_random_unless_one_is_given():
    """test_size is short for RandomSplit, and a time split without a size holds out a fifth."""
    assert define().split == RandomSplit(0.2)
    assert define(test_size=0.5).split == RandomSplit(0.5)
    assert define(split=TimeSplit(Customer.joined_at)).split == TimeSplit(Customer.joined_at, test_size=0.2)


def test_min_accuracy_is_a_gate():
    """min_accuracy stands behind the gates given, as a gate on accuracy."""
    made = define(gates=[Gate("roc_auc", min=0.75)], min_accuracy=0.7)
    assert made.gates == (Gate("roc_auc", min=0.75), Gate("accuracy", min=0.7))
    assert [gate.wanted for gate in made.gates] == [">= 0.75", ">= 0.7"]


def test_params_are_kept_apart_from_the_dictionary_they_came_in():
    """Changing the dictionary afterwards does not change the definition."""
    given = {"max_depth": 3}
    made = define(params=given)
    given["max_depth"] = 9
    assert dict(made.params) == {"max_depth": 3}


class Boosted:
    """An estimator as scikit-learn makes them, of no known name."""

    def get_params(self, deep=True):
        return {}

    def set_params(self, **params):
        return self

    def predict_proba(self, matrix):
        return matrix


HistGradientBoostingClassifier = type("HistGradientBoostingClassifier", (Boosted,), {})


def test_an_estimator_is_kept_as_it_is_and_known_by_its_class():
    """An estimator object is stored untouched, and only hist gradient boosting among them sees missing numbers."""
    estimator = Boosted()
    assert define(algorithm=estimator).algorithm is estimator
    assert only_input(Customer.age, algorithm=estimator).imputation == "median"
    assert only_input(Customer.age, algorithm=HistGradientBoostingClassifier()).imputation is None


def test_the_name_is_the_variable_that_holds_the_definition():
    """Without name=, the model is called as the one variable of the module that made it."""
    assert churn.name == "churn"
    assert define(name="other-name").name == "other-name"


@pytest.mark.parametrize(("made", "reason"), [(twice, "also"), (_hidden, "no variable")])
def test_an_uncertain_name_asks_for_one(made, reason):
    """Two variables, or none with a public name, are refused with the name= that would settle it."""
    with pytest.raises(DefinitionError, match=reason) as caught:
        _ = made.name
    assert 'name="churn"' in str(caught.value)


def test_the_name_is_looked_for_where_the_definition_was_made():
    """A definition imported under another name keeps that of its own module."""
    module = types.ModuleType("elsewhere")
    module.__dict__.update(define_model=define_model, Customer=Customer)
    source = 'first = define_model(Customer, output="p", label=Customer.churned, features={"age": Customer.age})'
    exec(compile(source, "elsewhere.py", "exec"), module.__dict__)  # noqa: S102 -- A module is made, as an import would.
    renamed = module.first
    assert renamed.name == "first"


def test_load_hands_the_definition_to_what_serving_registered(monkeypatch):
    """Load calls the opener with the definition and its options, and says what is missing where there is none."""
    monkeypatch.setattr(definition_model, "_openers", [])
    with pytest.raises(ConfigurationError, match="serve"):
        churn.load()
    definition_model.set_opener(lambda definition, **options: (definition, options))
    assert churn.load(version=3) == (churn, {"version": 3})


def test_the_face_of_a_definition_shows_no_data():
    """The repr names the entity and the output alone."""
    assert repr(churn) == "ModelDefinition(Customer.churn)"


def test_resolvers_hold_the_functions_given():
    """A resolver keeps the very function, so that what is fingerprinted is what runs."""

    def domain(customer):
        return customer.email

    made = define({"x": resolver(domain, type=str, uses=Customer.email, version="2")})
    assert made.resolvers["x"] == Resolver(domain, str, (Customer.email,), version="2")


def test_making_a_definition_needs_no_training_library():
    """The definition layer imports neither scikit-learn nor pandas nor an ONNX library."""
    code = (
        "import sys, prisml.definition; print({'sklearn', 'skl2onnx', 'onnx', 'onnxruntime', 'pandas', 'click', 'rich'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_class_mapper_sees_what_definitions_see():
    """Every path of every input leads to a mapped attribute."""
    made = define({"a": Customer.age, "b": related(Customer.account, Account.segment), "c": ratio(Customer.low, Customer.high)})
    for source in (source for read in made.inputs for source in read.sources):
        mapper = class_mapper(Customer)
        for name in source.path[:-1]:
            mapper = mapper.relationships[name].mapper
        assert source.path[-1] in mapper.column_attrs
