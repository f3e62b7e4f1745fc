"""What define_model refuses: each message names the model and the feature, and says the way out."""

from __future__ import annotations

import datetime as dt
import enum
import math
from decimal import Decimal

import pytest
from sqlalchemy import ARRAY, Boolean, Column, ForeignKey, Integer, MetaData, Table, func, select, text, type_coerce
from sqlalchemy.orm import DeclarativeBase, Mapped, aliased, column_property, mapped_column, relationship

from prisml.definition import (
    Feature,
    Gate,
    GroupSplit,
    RandomSplit,
    TimeSplit,
    days_since,
    define_model,
    difference,
    expression,
    hour_of,
    is_missing,
    length,
    log1p,
    ratio,
    related,
    resolver,
)
from prisml.errors import DefinitionError
from tests.support.shop import Account, Agent, Customer, Order

FOREIGN = Table("foreign", MetaData(), Column("x", Integer))
RIGHT = {"output": "p", "label": Customer.churned, "features": {"age": Customer.age}}


def refusal(entity=Customer, **given) -> DefinitionError:
    """The error of a definition that is right but for what is given."""
    with pytest.raises(DefinitionError) as caught:
        define_model(entity, **{**RIGHT, **given})
    return caught.value


def says(error: DefinitionError, what: str, way_out: str) -> None:
    """The error says what is wrong in its message, and the way out in its suggestions."""
    assert what in error.message
    assert way_out in " ".join(error.suggestions)


def reads_email(fn, **options):
    """A resolver on Customer.email."""
    return resolver(fn, **{"type": str, "uses": [Customer.email], **options})


async def later(row):
    """A resolver that would have to be awaited."""
    return row.email


def several(row):
    """A resolver that would have to be iterated."""
    yield row.email


@pytest.mark.parametrize(
    ("feature", "what", "way_out"),
    [
        ("age", "is a str", "Customer.<column>"),
        (None, "is None", "Customer.<column>"),
        (lambda c: c.age, "is a bare function", "resolver("),
        (Customer.age + 1, "is bare SQL", "expression("),
        (expression(func.foo(Customer.age)), "is SQL of type NullType", "type_coerce"),
        (Customer.account, "Customer.account, a relationship", "related(Customer.account"),
        (Customer.span, "Customer.span, a hybrid, synonym or composite", "columns it is made of"),
        (Customer.years, "Customer.years, a hybrid, synonym", "resolver"),
        (Customer.is_adult, "Customer.is_adult, a hybrid, synonym", "resolver"),
        (aliased(Customer).age, "alias", "Customer.age"),
        (Account.credit, "Account.credit, which is no column of Customer", "related(Customer.<relationship>, Account.credit)"),
        (Agent.fee, "Agent.fee, which is no column of Customer", "Take a column of Customer"),
        (FOREIGN.c.x, "foreign.x, which Customer does not map", "related("),
        (Feature("age"), "takes a mapped column, not a str", "Customer."),
        (Customer.joined_at, "is a datetime column", "days_since"),
        (Feature(Customer.born), "is a date column", "weekday_of"),
        (related(Customer.account, Account.opened), "is a date column", "month_of"),
        (Customer.photo, "type LargeBinary", "resolver"),
        (Customer.notes, "type JSON", "resolver"),
        (Customer.wakes, "type Time", "resolver"),
        (Customer.lasted, "type Interval", "resolver"),
        (Customer.blob, "type PickleType", "resolver"),
        (Feature(Customer.rating, categorical=True), "categorical=True", "Only an int column"),
        (Feature(Customer.member, categorical=True), "categorical=True", "Only an int column"),
    ],
)
def test_what_is_no_column_of_a_known_type_is_no_feature(feature, what, way_out):
    """Columns of other classes, of no supported type, or no columns at all are refused with what to write in their place."""
    error = refusal(features={"x": feature})
    says(error, what, way_out)
    assert "Customer.p: feature 'x'" in error.message
    assert error.context == {"entity": "Customer", "output": "p", "feature": "x"}


@pytest.mark.parametrize(
    ("feature", "what", "way_out"),
    [
        (related(Customer.orders, Order.amount), "Customer.orders, which leads to many rows", "column_property"),
        (related(Customer.account, Order.amount), "leads to Account", "Name a column of Account"),
        (related(Customer.account, FOREIGN.c.x), "which Account does not map", "own table"),
        (related(Customer.account, "segment"), "not a str", "Account."),
        (related(Customer.age, Account.segment), "goes over a column", "related(Customer.<relationship>"),
        (related("account", Account.segment), "goes over a str", "related(Customer.<relationship>"),
        (related(aliased(Customer).account, Account.segment), "no relationship of Customer", "Start from"),
        (related(Customer.account, aliased(Account).segment), "leads to Account", "Account"),
    ],
)
def test_only_a_to_one_relationship_leads_to_a_feature(feature, what, way_out):
    """A collection, another class's relationship or a column that is not behind it is refused."""
    error = refusal(features={"x": feature})
    says(error, what, way_out)
    assert "feature 'x'" in error.message


@pytest.mark.parametrize(
    ("feature", "what", "way_out"),
    [
        (days_since(Customer.age), "days_since of age, a column of type Integer", "takes a date or datetime"),
        (hour_of(Customer.born), "hour_of of born", "takes a datetime"),
        (log1p(Customer.email), "log1p of email", "takes a number"),
        (length(Customer.age), "length of age", "takes text"),
        (ratio(Customer.age, Customer.email), "ratio of email", "takes numbers"),
        (ratio(Customer.member, Customer.age), "ratio of member", "takes numbers"),
        (difference(Customer.age, Customer.born), "a moment and a number", "two dates"),
        (is_missing(Customer.photo), "type LargeBinary", "Supported are"),
        (log1p(related(Customer.account, Account.segment)), "log1p of account.segment", "takes a number"),
        (log1p(related(Customer.account, Account.credit, missing=0)), "options", "Give missing= to log1p"),
        (log1p("age"), "takes a mapped column, not a str", "Customer."),
        (log1p(Customer.age, missing="medain"), "missing='medain'", "Did you mean 'median'?"),
    ],
)
def test_a_transform_takes_only_columns_of_its_types(feature, what, way_out):
    """A transform of a column of the wrong type is refused with the types that it takes."""
    error = refusal(features={"x": feature})
    says(error, what, way_out)
    assert "feature 'x'" in error.message


@pytest.mark.parametrize(
    ("feature", "what", "way_out"),
    [
        (reads_email("domain"), "no plain function", "function or lambda"),
        (reads_email(later), "no plain function", "returns the value"),
        (reads_email(several), "no plain function", "returns the value"),
        (reads_email(lambda: 1), "neither (row) nor (row, as_of)", "one or two"),
        (reads_email(lambda a, b, c: 1), "neither (row) nor (row, as_of)", "one or two"),
        (reads_email(lambda row, *, key: 1), "neither (row) nor (row, as_of)", "one or two"),
        (reads_email(lambda row: 1, type=list), "resolver of type list", "an Enum class"),
        (reads_email(lambda row: 1, type=dt.date), "resolver of type date", "an Enum class"),
        (reads_email(lambda row: 1, type="str"), "resolver of type str", "Write type=float"),
        (reads_email(lambda row: 1, uses=[]), "uses no column", "uses=[...]"),
        (reads_email(lambda row: 1, uses=["email"]), "not a str", "Customer."),
        (reads_email(lambda row: 1, uses=None), "not None", "Customer."),
        (reads_email(lambda row: 1, uses=[Account.credit]), "Account.credit", "Take a column of Customer"),
        (reads_email(lambda row: 1, type=float, unseen="error"), "is a number", "Leave them out"),
    ],
)
def test_a_resolver_must_be_callable_and_say_what_it_reads(feature, what, way_out):
    """A resolver of another arity, type or use than PrisML can honour is refused when the definition is made."""
    error = refusal(features={"x": feature})
    says(error, what, way_out)
    assert "feature 'x'" in error.message


@pytest.mark.parametrize("name", ["email", "account", "is_adult", "years", "span", "banks", "nickname", "describe"])
def test_a_resolver_cannot_have_the_name_of_an_attribute(name):
    """A row that has an attribute of that name, mapped, hybrid, synonym, proxy or plain, would give it for the resolver's value."""
    error = refusal(features={name: reads_email(lambda c: c.email[:1])})
    says(error, f"feature '{name}' is a resolver with the name of an attribute", "another name")


@pytest.mark.parametrize(
    ("feature", "what", "way_out"),
    [
        (Feature(Customer.age, missing="medain"), "missing='medain'", "Did you mean 'median'?"),
        (Feature(Customer.age, missing=[]), "a list as missing=", "median"),
        (Feature(Customer.age, missing=math.inf), "float32", "smaller"),
        (Feature(Customer.age, missing=math.nan), "float32", "smaller"),
        (Feature(Customer.age, missing=1e39), "float32", "smaller"),
        (Feature(Customer.age, missing=Decimal("1e400")), "float32", "smaller"),
        (Feature(Customer.age, missing=2**24 + 1), "float32", "smaller"),
        (Feature(Customer.age, missing=10**400), "float32", "smaller"),
        (Feature(Customer.email, missing="median"), "'median', which is for numbers", "most_frequent"),
        (Feature(Customer.email, missing="native"), "'native', which is for numbers", "most_frequent"),
        (Feature(Customer.email, missing=3), "an int as missing=", "one of its categories"),
        (Feature(Customer.segment, missing="PRIVATE"), "a str as missing=", "one of its categories"),
        (Feature(Customer.state, missing="frod"), "does not allow", "Did you mean 'fraud'?"),
        (Feature(Customer.account_id, categorical=True, missing=1.5), "a float as missing=", "one of its categories"),
        (Feature(Customer.email, unseen="ignore"), "unseen='ignore'", 'unseen="other"'),
        (Feature(Customer.email, min_frequency=0), "min_frequency=", "1 or more"),
        (Feature(Customer.email, min_frequency=True), "min_frequency=", "1 or more"),
        (Feature(Customer.email, unseen="error", min_frequency=5), "refuse rare categories", "one of the two"),
        (Feature(Customer.age, min_frequency=5), "is a number", "categorical=True"),
        (Feature(Customer.age, unseen="error"), "is a number", "categorical=True"),
    ],
)
def test_an_option_that_does_not_fit_the_features_kind_is_refused(feature, what, way_out):
    """Rules for missing, unseen and rare values must be ones that the feature's kind has."""
    error = refusal(features={"x": feature})
    says(error, what, way_out)
    assert "feature 'x'" in error.message


@pytest.mark.parametrize(
    ("algorithm", "encoding", "what", "way_out"),
    [
        (
            "random_forest",
            "native",
            'is "native", and random_forest does not split on categories',
            "hist_gradient_boosting, xgboost",
        ),
        ("logistic_regression", "native", 'is "native", and logistic_regression does not split', "leave encoding out"),
        ("logistic_regression", "ordinal", 'is "ordinal", and logistic_regression would take codes for quantities', "Leave encoding out"),
        ("hist_gradient_boosting", "natve", "encoding is 'natve'", "Did you mean 'native'?"),
        ("hist_gradient_boosting", None, "encoding is None", "Known are: auto, ordinal, native."),
    ],
)
def test_an_encoding_that_the_algorithm_cannot_learn_from_is_refused(algorithm, encoding, what, way_out):
    """By name, with the algorithms that can."""
    says(refusal(algorithm=algorithm, encoding=encoding), what, way_out)


@pytest.mark.parametrize("algorithm", ["logistic_regression", "gradient_boosting"])
def test_missing_numbers_reach_only_an_estimator_that_takes_them(algorithm):
    """missing="native" is refused for the named classifiers that take no NaN."""
    error = refusal(algorithm=algorithm, features={"x": Feature(Customer.age, missing="native")})
    says(error, "feature 'x' has missing=\"native\"", "hist_gradient_boosting")


@pytest.mark.parametrize(
    ("name", "what"),
    [
        (1, "has an int as a name"),
        ("", "cannot have"),
        ("a b", "cannot have"),
        ("class", "cannot have"),
        ("p", "has the name of the output"),
    ],
)
def test_a_feature_has_a_name_that_a_row_can_have(name, what):
    """Names that are no identifiers, keywords or the output's are refused."""
    assert what in refusal(features={name: Customer.age}).message


@pytest.mark.parametrize("features", [{}, [], None, [Customer.age]])
def test_there_must_be_features(features):
    """No feature, or no mapping of names to features, is refused with how to write one."""
    says(refusal(features=features), "features is empty or no mapping", 'features={"age": Customer.age}')


@pytest.mark.parametrize(
    ("label", "feature"),
    [
        (Customer.churned, Customer.churned),
        (Customer.churned, is_missing(Customer.churned)),
        (Customer.age > 18, Customer.age),
        (Customer.age > 18, ratio(Customer.low, Customer.age)),
        (func.coalesce(Customer.churned, False), Customer.churned),
        (Customer.is_adult, Customer.age),
        (Customer.churned, reads_email(lambda c: c.churned, type=bool, uses=[Customer.email, Customer.churned])),
        (reads_email(lambda c: c.email > "", type=bool), Customer.email),
    ],
)
def test_a_column_that_alone_decides_the_label_is_no_feature(label, feature):
    """The label's column, or the only column of the label's SQL or resolver, cannot be learned from in any form."""
    error = refusal(label=label, features={"low": Customer.low, "x": feature})
    says(error, "feature 'x' reads", "give the answer away")
    assert "alone decides the label" in error.message


@pytest.mark.parametrize(
    ("label", "what", "way_out"),
    [
        ("churned", "is a str", "mapped column"),
        (None, "is None", "mapped column"),
        (text("churned"), "is a TextClause", "SQL expression"),
        (False, "is a Python bool", ".is_(None)"),
        (func.rank().over(order_by=Customer.age) > 3, "holds a window function", "scalar_subquery()"),
        (func.sum(Customer.age).over() > 3, "holds a window function", "scalar_subquery()"),
        (Customer.age > func.avg(Customer.age), "holds the aggregate avg", "scalar_subquery()"),
        (func.max(Customer.age) == 3, "holds the aggregate max", "scalar_subquery()"),
        (func.count(Customer.age).filter(Customer.member) > 1, "holds the aggregate count", "scalar_subquery()"),
        (func.percentile_cont(0.5).within_group(Customer.age) > 1, "holds the aggregate percentile_cont", "scalar_subquery()"),
        (select(Order.id), "is a whole SELECT", ".scalar_subquery()"),
        (Account.credit > 3, "reads 'accounts' beside Customer", "exists()"),
        (Customer.age > Account.credit, "reads 'accounts' beside Customer", "scalar_subquery()"),
        (Account.credit, "Account.credit, which is no column of Customer", "Take a column of Customer"),
        (Customer.account, "a relationship", "related("),
        (Customer.joined_at, "of type DateTime, which cannot be learned", "comparison"),
        (Customer.token, "of type Uuid, which cannot be learned", "comparison"),
        (func.anything(Customer.age), "of type NullType, which cannot be learned", "type_coerce"),
        (reads_email(lambda: 1, type=bool), "neither (row)", "one or two"),
        (reads_email(lambda c: 1, type=bytes), "resolver of type bytes", "Write type="),
    ],
)
def test_the_label_is_something_of_the_entity_that_can_be_learned(label, what, way_out):
    """A label that is no column, SQL or resolver of the entity, or of no learnable type, is refused."""
    error = refusal(label=label)
    says(error, what, way_out)
    assert "Customer.p: the label" in error.message


def test_a_label_without_a_type_becomes_one_by_the_way_out():
    """What the refusal of an untyped label suggests is accepted."""
    assert define_model(Customer, **{**RIGHT, "label": type_coerce(func.anything(Customer.low), Boolean())}).task == "binary"


@pytest.mark.parametrize(
    ("where", "what", "way_out"),
    [
        (True, "is a Python bool", "~ for `not`"),
        ("age > 3", "is a str", "SQL expression"),
        (Customer.age, "is of type Integer, not a condition", "comparison"),
        (func.row_number().over(order_by=Customer.id) < 100, "holds a window function", "scalar_subquery()"),
        (Customer.age > func.avg(Customer.age), "holds the aggregate avg", "scalar_subquery()"),
        (Account.credit > 3, "reads 'accounts' beside Customer", "exists()"),
    ],
)
def test_the_filter_is_a_condition_on_the_entity(where, what, way_out):
    """A filter that is computed in Python, is no condition, or pairs rows with another table's is refused."""
    says(refusal(where=where), f"Customer.p: where {what}", way_out)


@pytest.mark.parametrize(
    ("options", "what", "way_out"),
    [
        ({"label": Customer.age}, "the task cannot be told from a label of type Integer", 'task="regression" or task="binary"'),
        ({"label": Customer.email}, "cannot be told from a label of type String", 'task="binary" or task="multiclass"'),
        ({"label": Customer.segment}, "cannot be told", 'task="binary" or task="multiclass"'),
        ({"task": "binry"}, "the task 'binry' is not known", "Did you mean 'binary'?"),
        ({"task": "regression"}, "'regression' does not fit a label of type Boolean", 'Write task="binary"'),
        ({"task": "multiclass"}, "'multiclass' does not fit", 'Write task="binary"'),
        ({"label": Customer.rating, "task": "binary"}, "'binary' does not fit a label of type", "comparison"),
        ({"label": Customer.email, "task": "regression"}, "'regression' does not fit", 'task="multiclass"'),
    ],
)
def test_the_task_fits_the_labels_type(options, what, way_out):
    """A task that is not certain, not known, or not one that the label's type can be learned as is refused."""
    says(refusal(features={"low": Customer.low}, **options), what, way_out)


@pytest.mark.parametrize(
    ("options", "what", "way_out"),
    [
        ({"label": Customer.state, "task": "binary"}, "positive is required for a binary label", "positive="),
        ({"label": Customer.age, "task": "binary"}, "positive is required", "positive="),
        ({"label": Customer.state, "task": "binary", "positive": "frod"}, "none of the strings", "Did you mean 'fraud'?"),
        ({"label": Customer.state, "task": "binary", "positive": 1}, "positive is an int", "Give a str"),
        ({"label": Customer.age, "task": "binary", "positive": True}, "positive is a bool", "Give an int"),
        ({"label": Customer.age, "task": "binary", "positive": "1"}, "positive is a str", "Give an int"),
        ({"positive": 1}, "positive is an int", "Give a bool"),
        ({"label": Customer.segment, "task": "binary", "positive": "PRIVATE"}, "not a member of Segment", "positive=Segment.PRIVATE"),
        ({"label": Customer.age, "task": "multiclass", "positive": 1}, "positive is given for a multiclass task", 'task="binary"'),
        ({"label": Customer.rating, "positive": 1}, "positive is given for a regression task", "Leave it out"),
    ],
)
def test_the_positive_class_is_said_where_it_is_not_certain(options, what, way_out):
    """A binary label that is not bool needs its positive class, of the label's own type; other tasks have none."""
    says(refusal(features={"low": Customer.low}, **options), what, way_out)


class Scaler:
    def get_params(self, deep=True):
        return {}

    def set_params(self, **params):
        return self


class Classifier(Scaler):
    def predict_proba(self, matrix):
        return matrix


@pytest.mark.parametrize(
    ("options", "what", "way_out"),
    [
        ({"algorithm": "random_forrest"}, "the algorithm 'random_forrest' is not known", "Did you mean 'random_forest'?"),
        ({"algorithm": "xyz"}, "the algorithm 'xyz' is not known", "Known are: logistic_regression"),
        ({"algorithm": "ridge"}, "'ridge' cannot learn a binary task", "logistic_regression"),
        ({"algorithm": "logistic_regression", "label": Customer.rating}, "cannot learn a regression task", "ridge"),
        ({"algorithm": Classifier}, "is the class Classifier", "an instance"),
        ({"algorithm": 3}, "is an int", "an instance"),
        ({"algorithm": Scaler()}, "Scaler does not fit a binary task", "predict_proba"),
        ({"algorithm": Classifier(), "label": Customer.rating}, "Classifier does not fit a regression task", "a regressor"),
        ({"algorithm": Classifier(), "params": {"a": 1}}, "params is given beside an estimator", "where the estimator is made"),
        ({"params": [1]}, "params is no mapping", "params={"),
        ({"params": {1: 2}}, "params is no mapping", "params={"),
    ],
)
def test_the_algorithm_is_one_that_learns_the_task(options, what, way_out):
    """An unknown name is answered with the nearest one, and an estimator must be an instance that fits the task."""
    says(refusal(**options), what, way_out)


@pytest.mark.parametrize(
    ("options", "what", "way_out"),
    [
        ({"test_size": 0}, "test_size holds out 0 of the rows", "between 0 and 1"),
        ({"test_size": 1}, "test_size holds out 1 of the rows", "between 0 and 1"),
        ({"test_size": math.nan}, "test_size holds out nan", "between 0 and 1"),
        ({"test_size": "0.2"}, "test_size has a str", "0.2"),
        ({"split": RandomSplit(1.5)}, "the split holds out 1.5", "between 0 and 1"),
        ({"split": GroupSplit(Customer.account_id, test_size=-1)}, "the split holds out -1", "between 0 and 1"),
        ({"split": GroupSplit(Account.id)}, "Account.id, which is no column of Customer", "Take a column of Customer"),
        ({"split": GroupSplit(Customer.notes)}, "goes by notes, a JSON column", "that can be compared"),
        ({"split": GroupSplit(Customer.blob)}, "goes by blob, a PickleType column", "that can be compared"),
        ({"split": TimeSplit(Customer.notes)}, "goes by notes, a JSON column", "date or datetime column"),
        ({"split": TimeSplit(Customer.age)}, "goes by age, an Integer column", "date or datetime column"),
        (
            {"split": TimeSplit(Customer.born, test_from=dt.date(2020, 1, 1), test_size=0.3)},
            "both test_from= and test_size=",
            "one of the two",
        ),
        ({"split": TimeSplit(Customer.born, test_from="2020-01-01")}, "has a str as test_from=", "a date or a datetime"),
        ({"split": TimeSplit(Customer.born), "test_size": 0.3}, "test_size is given beside split=", "TimeSplit(..., test_size=...)"),
        ({"split": "date"}, "the split is a str", "TimeSplit(column"),
        ({"split": "time"}, "the split goes by as_of, which is one moment", "several dates"),
        ({"seed": 1.5}, "seed is a float", "integer"),
        ({"seed": True}, "seed is a bool", "integer"),
        ({"seed": -1}, "seed is negative", "from 0"),
        ({"seed": 2**32}, "too large", "from 0"),
        ({"threshold": 1}, "threshold is no probability", "0.5"),
        ({"threshold": "high"}, "threshold is no probability", "0.5"),
        ({"label": Customer.rating, "threshold": 0.4}, "threshold is given for a regression task", "Leave it out"),
        ({"output": "age"}, "Customer.age: output is an attribute of Customer", "Choose a name"),
        ({"output": "account"}, "output is an attribute of Customer", "Choose a name"),
        ({"output": "years"}, "output is an attribute of Customer", "Choose a name"),
        ({"output": "is_adult"}, "output is an attribute of Customer", "Choose a name"),
        ({"output": "banks"}, "output is an attribute of Customer", "Choose a name"),
        ({"output": "nickname"}, "output is an attribute of Customer", "Choose a name"),
        ({"output": "describe"}, "output is an attribute of Customer", "Choose a name"),
        ({"output": "churn probability"}, "output is no identifier", "output="),
        ({"output": 3}, "output is no identifier", "output="),
        ({"name": "a/b"}, "name is no name for a model", "letters"),
        ({"name": ""}, "name is no name for a model", "letters"),
        ({"name": "x" * 101}, "name is no name for a model", "100"),
        ({"name": 3}, "name is no name for a model", "letters"),
    ],
)
def test_the_other_settings_are_within_their_bounds(options, what, way_out):
    """Sizes, seeds, thresholds, outputs and names out of bounds are refused by name."""
    says(refusal(**options), what, way_out)


@pytest.mark.parametrize(
    ("options", "what", "way_out"),
    [
        ({"gates": Gate("accuracy", min=0.7)}, "gates takes a list of gates, not a Gate", "gates=["),
        ({"gates": ["accuracy"]}, "gates holds a str", "Gate("),
        ({"gates": [Gate("mae", max=3)]}, "the gate on mae does not fit a binary task", "roc_auc"),
        ({"gates": [Gate("f1_macro", min=0.3)]}, "the gate on f1_macro does not fit a binary task", "Known are: accuracy"),
        ({"label": Customer.rating, "gates": [Gate("accuracy", min=0.3)]}, "the gate on accuracy does not fit a regression task", "r2"),
        ({"gates": [Gate("f1", min=0.3, slice=Customer.points)]}, "the slice of the gate on f1 goes by points", "str, Enum, bool or int"),
        ({"gates": [Gate("f1", min=0.3, slice=Account.segment)]}, "the slice of the gate on f1 reads Account.segment", "related("),
        ({"label": Customer.rating, "min_accuracy": 0.7}, "min_accuracy is for classification", 'Gate("r2"'),
    ],
)
def test_gates_are_on_metrics_of_the_task(options, what, way_out):
    """A gate whose metric the task does not have is refused, and so is min_accuracy of a regression."""
    says(refusal(**options), what, way_out)


@pytest.mark.parametrize(
    ("make", "what", "way_out"),
    [
        (lambda: Gate("roc_acu", min=0.7), "'roc_acu' is not known", "Did you mean 'roc_auc'?"),
        (lambda: Gate(3, min=0.7), "an int is not known", "Known are"),
        (lambda: Gate("accuracy"), "exactly one of", "one gate for each"),
        (lambda: Gate("accuracy", min=0.1, max=0.9), "exactly one of", "one gate for each"),
        (lambda: Gate("accuracy", better_than="active"), "what is not known", 'better_than="baseline"'),
        (lambda: Gate("accuracy", min="high"), "is a str", "Give a number"),
        (lambda: Gate("accuracy", min=True), "is a bool", "Give a number"),
        (lambda: Gate("mae", max=math.nan), "is not finite", "Give a number"),
        (lambda: Gate("accuracy", min=75), "lies between 0 and 1", "not a percentage"),
        (lambda: Gate("log_loss", min=0.3), "better the lower", "max=0.3"),
        (lambda: Gate("accuracy", min=0.3, not_worse_than="active"), "exactly one of", "one gate for each"),
        (lambda: Gate("accuracy", not_worse_than="baseline"), "what is not known", 'not_worse_than="active"'),
        (lambda: Gate("accuracy", min=0.3, by=0.1), "a by=, which is for comparisons", "better_than="),
        (lambda: Gate("accuracy", better_than="baseline", by=-0.1), "by= below 0", "0 or more"),
        (lambda: Gate("accuracy", better_than="baseline", by=2), "by= of 2", "Give a share"),
        (lambda: Gate("accuracy", better_than="baseline", by="much"), "is a str", "Give a number"),
        (lambda: Gate("accuracy", min=0.3, confidence=95), "no share from 0.5 up to 1", "not a percentage"),
        (lambda: Gate("accuracy", min=0.3, confidence=True), "no share from 0.5 up to 1", "not a percentage"),
        (lambda: Gate("accuracy", min=0.3, min_rows=10), "which is for slices", "slice="),
        (lambda: Gate("accuracy", min=0.3, slice=Customer.city, min_rows=0), "no count", "whole number"),
        (lambda: Gate("p99_ms", min=1), "takes max= alone", "max=10"),
        (lambda: Gate("p99_ms", better_than="baseline"), "takes max= alone", "max=10"),
        (lambda: Gate("size_mb", max=0), "below which no model is", "max=10"),
        (lambda: Gate("size_mb", max=1, confidence=0.9), "is measured once", "Leave them out"),
    ],
)
def test_a_gate_that_could_not_judge_is_refused_when_it_is_made(make, what, way_out):
    """An unknown metric, no condition or several, and bounds that let any model through are refused."""
    with pytest.raises(DefinitionError) as caught:
        make()
    says(caught.value, what, way_out)


@pytest.mark.parametrize(
    ("entity", "what", "way_out"),
    [(int, "needs int to be mapped", "Map the class"), ("Customer", "starts from a str", "define_model(Customer, ...)")],
)
def test_the_entity_is_a_mapped_class(entity, what, way_out):
    """What SQLAlchemy does not map cannot have a predictive field."""
    says(refusal(entity), what, way_out)


def test_a_mapping_that_cannot_be_configured_is_refused_as_such():
    """A relationship to a class that was never imported is a DefinitionError that says to import it."""

    class Broken(DeclarativeBase):
        pass

    class Parent(Broken):
        __tablename__ = "parents"

        id: Mapped[int] = mapped_column(primary_key=True)
        child = relationship("NeverImported")

    try:
        says(refusal(Parent, features={"x": Customer.age}), "no mapping that can be configured", "import the modules")
    finally:
        Broken.registry.dispose()


def test_no_message_holds_a_value_of_data():
    """A constant that a user gave is described by its type, because it may be a value of the data."""
    secret = "anna@example.org"
    for error in (
        refusal(features={"x": Feature(Customer.segment, missing=secret)}),
        refusal(label=Customer.age, task="binary", positive=secret, features={"x": Customer.low}),
        refusal(where=secret),
    ):
        assert secret not in str(error)


def test_an_enums_member_is_refused_where_it_is_another_enums():
    """A member of the wrong Enum is refused as missing= and as positive=, by its type."""
    other = enum.Enum("Other", "PRIVATE")
    says(refusal(features={"x": Feature(Customer.segment, missing=other.PRIVATE)}), "an Other as missing=", "one of its categories")
    error = refusal(label=Customer.segment, task="binary", positive=other.PRIVATE, features={"x": Customer.low})
    says(error, "positive is an Other, not a member of Segment", "Segment.PRIVATE")


def test_sql_over_many_rows_is_no_column_of_a_row():
    """A column_property that a page of rows would compute otherwise than the table is refused, wherever it is read."""

    class Ranks(DeclarativeBase):
        pass

    class Team(Ranks):
        __tablename__ = "teams"

        id: Mapped[int] = mapped_column(primary_key=True)
        points: Mapped[int]

    Team.place = column_property(func.rank().over(order_by=Team.points))

    class Player(Ranks):
        __tablename__ = "players"

        id: Mapped[int] = mapped_column(primary_key=True)
        goals: Mapped[int]
        tags: Mapped[list[int]] = mapped_column(ARRAY(Integer))
        team_id: Mapped[int] = mapped_column(ForeignKey("teams.id"))
        team: Mapped[Team] = relationship()

    Player.place = column_property(func.rank().over(order_by=Player.goals))
    Player.most = column_property(func.max(Player.goals))
    right = {"output": "p", "label": Player.goals > 3, "features": {"team": Player.team_id}}
    ranked = resolver(lambda row: row.place, type=int, uses=[Player.place])
    for given, place, what in (
        ({"features": {"x": Player.place}}, "feature 'x'", "a window function"),
        ({"features": {"x": log1p(Player.most)}}, "feature 'x'", "the aggregate max"),
        ({"features": {"x": related(Player.team, Team.place)}}, "feature 'x'", "a window function"),
        ({"features": {"x": ranked}}, "feature 'x'", "a window function"),
        ({"label": Player.place}, "the label", "a window function"),
        ({"label": Player.place > 3}, "the label", "a window function"),
        ({"where": Player.place > 3}, "where", "a window function"),
        ({"split": GroupSplit(Player.place)}, "the split", "a window function"),
        ({"split": GroupSplit(Player.tags)}, "the split", "goes by tags, an ARRAY column"),
    ):
        with pytest.raises(DefinitionError) as caught:
            define_model(Player, **{**right, **given})
        assert place in caught.value.message
        assert what in caught.value.message
        assert caught.value.suggestions
    Ranks.registry.dispose()
