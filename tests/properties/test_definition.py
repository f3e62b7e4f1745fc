"""Laws of definitions, whatever they are made of."""

from __future__ import annotations

import json
import string

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import class_mapper

from prisml._core import Encoder
from prisml.definition import (
    Feature,
    days_since,
    define_model,
    difference,
    is_missing,
    length,
    log1p,
    ratio,
    related,
    resolver,
)
from prisml.definition.algorithms import ALGORITHMS
from prisml.errors import DefinitionError
from prisml.manifest import Input
from tests.support.shop import Account, Customer, Segment

POOL = (
    Customer.age,
    Customer.__table__.c.spent,
    Feature(Customer.email, min_frequency=5),
    Feature(Customer.segment, missing=Segment.PRIVATE),
    Feature(Customer.account_id, categorical=True, unseen="error"),
    Feature(Customer.member, missing=False),
    related(Customer.account, Account.credit, missing="error"),
    related(Customer.account, Account.segment, missing="most_frequent"),
    days_since(Customer.joined_at),
    is_missing(related(Customer.account, Account.opened)),
    length(Customer.city),
    log1p(Customer.points, missing=0),
    ratio(Customer.spent, Customer.owed),
    difference(Customer.joined_at, related(Customer.account, Account.opened)),
    resolver(lambda c: c.email, type=str, uses=[Customer.email]),
    resolver(lambda c, as_of: as_of.year - c.born.year, type=int, uses=[Customer.born]),
)
NAMES = st.text(string.ascii_lowercase + "_é", min_size=1, max_size=6).map(lambda text: f"f_{text}")
FEATURES = st.dictionaries(NAMES, st.sampled_from(POOL), min_size=1, max_size=12)
ALGORITHM = st.sampled_from([name for name, found in ALGORITHMS.items() if found.class_name("binary")])
ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.binary(max_size=4)
    | st.sampled_from([int, Customer, object()]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3) | st.tuples(inner),
    max_leaves=4,
)
COLUMNS = (Customer.age, Customer.email, Customer.segment, Customer.state)
SETTINGS = ("output", "label", "features", "where", "task", "positive", "algorithm", "params", "split", "test_size")
MORE = ("seed", "threshold", "gates", "min_accuracy", "name")


def define(**options):
    """A definition on Customer that is right but for what is given."""
    return define_model(Customer, **{"output": "p", "label": Customer.churned, "features": {"age": Customer.age}, **options})


def refusal(**options) -> DefinitionError | None:
    """The error of such a definition, or None where it is made."""
    try:
        define(**options)
    except DefinitionError as error:
        return error
    return None


@given(features=FEATURES, algorithm=ALGORITHM)
def test_inputs_stand_in_the_order_of_the_features_and_survive_storage(features, algorithm):
    """There is one input for each feature, in its place and under its name, and its JSON gives it back."""
    made = define(features=features, algorithm=algorithm)
    assert [read.name for read in made.inputs] == list(features) == list(made.features)
    assert tuple(Input.model_validate_json(read.model_dump_json()) for read in made.inputs) == made.inputs


@given(features=FEATURES)
def test_the_encoder_takes_every_definitions_inputs(features):
    """The Rust encoder accepts what a definition makes, and reads each mapped column once, in the order of the features."""
    made = define(features=features)
    paths = dict.fromkeys(source.path for read in made.inputs for source in read.sources)
    assert Encoder(json.dumps([read.model_dump(mode="json") for read in made.inputs])).sources == list(paths)
    mapper = class_mapper(Customer)
    for *over, column in paths:
        assert column in (mapper.relationships[over[0]].mapper if over else mapper).column_attrs


@given(features=FEATURES)
def test_reading_a_definition_again_changes_nothing(features):
    """The features of a definition, as it keeps them, make the same definition once more."""
    made = define(features=features)
    again = define(features=made.features)
    assert (dict(again.features), again.inputs) == (dict(made.features), made.inputs)


@given(setting=st.sampled_from((*SETTINGS, *MORE)), value=ANYTHING)
@settings(max_examples=500)
def test_whatever_is_given_is_taken_or_refused_with_a_way_out(setting, value):
    """Any value for any setting makes a definition or a DefinitionError with a suggestion, never another exception."""
    error = refusal(**{setting: value})
    assert error is None or (error.suggestions and error.context)


@given(option=st.sampled_from(["missing", "unseen", "min_frequency"]), value=ANYTHING, column=st.sampled_from(COLUMNS))
def test_whatever_option_is_given_the_feature_is_named_in_its_refusal(option, value, column):
    """Any value for an option of a feature is taken, or refused in the feature's name."""
    error = refusal(features={"x": Feature(column, **{option: value})})
    assert error is None or (error.context["feature"] == "x" and "feature 'x'" in error.message)


@given(
    name=st.sampled_from([name for name in ALGORITHMS if len(name) > 5]),
    place=st.integers(0, 30),
    letter=st.sampled_from(string.ascii_lowercase + "_"),
)
def test_a_misspelt_algorithm_is_answered_with_the_right_one(name, place, letter):
    """One wrong letter in a name of an algorithm, unless that is short, is answered with that name, or with another that is as near."""
    wrong = name[: place % len(name)] + letter + name[place % len(name) + 1 :]
    assume(wrong not in ALGORITHMS)
    said = str(refusal(algorithm=wrong))
    assert any(f"Did you mean {near!r}?" in said for near in {name, f"{name}s", name.removesuffix("s")})


@given(bound=st.floats(allow_nan=True, allow_infinity=True) | st.floats(0, 1))
def test_a_gate_on_a_share_bounds_it_within_zero_and_one(bound):
    """min_accuracy is taken for exactly the bounds from 0 to 1."""
    assert (refusal(min_accuracy=bound) is None) == (0 <= bound <= 1)
