from __future__ import annotations

import numpy as np
import pytest

from prisml.definition import Feature, define_model
from prisml.errors import DefinitionError, NoDataError, UnseenCategoryError
from prisml.training.vocabulary import code_count, make_vocabulary
from tests.support.training import Visit

NAMES = ("c", "b", "a")


def vocabulary(codes, names=NAMES, column=Visit.country, **options):
    """The vocabulary of one feature, whose training part has these provisional codes."""
    definition = define_model(Visit, output="p", name="m", label=Visit.bought, features={"x": Feature(column, **options)})
    train = np.array(codes, dtype=np.float32)[:, None]
    return make_vocabulary(definition.inputs, definition.features, (names,), train, model="m")


def encoded(made, codes):
    """The final codes of provisional ones."""
    return made.encode(np.array(codes, dtype=np.float32)[:, None], model="m")[:, 0].tolist()


def test_categories_stand_by_falling_frequency_then_by_value():
    """The order of appearance leaves no trace."""
    made = vocabulary([2, 0, 1, 1, 0])
    assert made.inputs[0].categories == ("b", "c", "a")
    assert encoded(made, [0, 1, 2]) == [1, 0, 2]


def test_without_rare_values_unseen_counts_as_missing():
    """One code after the categories, for both."""
    made = vocabulary([0, 0, 1])
    assert (made.inputs[0].missing_code, made.inputs[0].other_code) == (2, 2)
    assert encoded(made, [-1, 2]) == [2, 2]
    assert code_count(made.inputs[0]) == 3


def test_rare_values_have_a_code_of_their_own_which_unseen_shares():
    """Other comes before missing."""
    made = vocabulary([0, 0, 1], min_frequency=2)
    assert made.inputs[0].categories == ("c",)
    assert encoded(made, [0, 1, 2, -1]) == [0, 1, 1, 2]
    assert code_count(made.inputs[0]) == 3


def test_all_values_may_be_rare():
    """Nothing but other and missing is left."""
    made = vocabulary([0, 1, 2], min_frequency=2)
    assert (made.inputs[0].categories, code_count(made.inputs[0])) == ((), 2)


def test_unseen_error_leaves_no_code_and_refuses_such_a_hold_out():
    """A hold-out that prediction would refuse cannot be measured."""
    made = vocabulary([0, 1], unseen="error")
    assert made.inputs[0].other_code is None
    with pytest.raises(UnseenCategoryError, match="feature 'x' has categories in 2 hold-out rows"):
        encoded(made, [0, 2, 2])


def test_missing_takes_the_code_it_is_declared_to():
    """Most frequent, a constant, or none."""
    assert encoded(vocabulary([0, 1, 1], missing="most_frequent"), [-1]) == [0]
    assert encoded(vocabulary([0, 1, 1], missing="c"), [-1]) == [1]
    refusing = vocabulary([0, 1, 1], missing="error").inputs[0]
    assert (refusing.missing, refusing.missing_code, refusing.other_code) == ("error", None, None)


def test_a_constant_of_an_int_category_is_found():
    """Its categories are ints, the manifest's constant a float."""
    made = vocabulary([0, 1, 1], (7, 8), Visit.zip, categorical=True, missing=7)
    assert encoded(made, [-1]) == [1]


def test_a_constant_that_training_does_not_hold_is_refused():
    """It would have no code."""
    with pytest.raises(DefinitionError, match="feature 'x' has a category as missing="):
        vocabulary([0, 1], missing="z")


@pytest.mark.parametrize(("column", "names", "codes"), [(Visit.country, NAMES, [-1, -1]), (Visit.income, None, [np.nan, np.nan])])
def test_a_feature_without_any_value_is_named(column, names, codes):
    """Nothing can be learned of it."""
    with pytest.raises(NoDataError, match="feature 'x' has no value in the 2 rows of the training part"):
        vocabulary(codes, names, column)
