"""Entries about training: each is provoked, cured as the guide says, and works then."""

from __future__ import annotations

from warnings import catch_warnings

import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sqlalchemy import text, update

from prisml import Feature
from prisml.extraction.stream import extract
from prisml.registry import Registry
from tests.support.database import opened
from tests.support.guide import refused
from tests.support.troubles import Customer, customer, fill, model, trained


def test_no_rows(told, shop, empty: Registry):
    """A filter that some rows pass leaves something to learn from."""
    features = {"age": Customer.age, "spent": Customer.spent}
    told(refused(lambda: extract(model(features, where=Customer.country == "de"), shop)))
    assert len(extract(model(features, where=Customer.country == "DE"), shop).matrix) == 100


def test_all_labels_missing(told, shop, empty: Registry):
    """Rows with a label are what is trained on."""
    with shop.begin() as connection:
        connection.execute(update(Customer).values(churned=None))
    told(refused(lambda: trained(model(), shop, empty)))
    with shop.begin() as connection:
        connection.execute(update(Customer).values(churned=Customer.id % 3 == 0))
    assert trained(model({"age": Customer.age}), shop, empty).manifest.rows.dropped_null_label == 0


def test_one_class(told, shop, empty: Registry):
    """Both classes are among the rows once the filter does not ask for one of them."""
    told(refused(lambda: trained(model(where=Customer.churned), shop, empty)))
    assert trained(model(where=Customer.churned.is_not(None)), shop, empty).manifest.classes == (False, True)


def test_too_few_rows(told, tmp_path, empty: Registry):
    """What the message asks for is enough."""
    with opened(f"sqlite:///{tmp_path}/few.db") as few, opened(f"sqlite:///{tmp_path}/more.db") as more:
        fill(few, [customer(number) for number in range(1, 21)])
        fill(more, [customer(number) for number in range(1, 161)])
        told(refused(lambda: trained(model(), few, empty)))
        assert trained(model(), more, empty).manifest.rows.train == 128


def test_feature_without_values(told, shop, empty: Registry):
    """Rows for which the feature is known are those that the filter leaves."""
    with shop.begin() as connection:
        connection.execute(text("UPDATE customers SET age = NULL"))
    told(refused(lambda: trained(model(), shop, empty)))
    assert trained(model({"spent": Customer.spent, "country": Customer.country}), shop, empty).manifest.rows.train == 240


def test_constant_feature(told, shop, empty: Registry):
    """It is a finding of the version, and gone without the feature."""
    with shop.begin() as connection:
        connection.execute(text("UPDATE customers SET country = 'DE'"))
    (found,) = trained(model(), shop, empty).manifest.warnings
    told(f"{found.code}: {found.what} {found.way_out}")
    assert trained(model({"age": Customer.age, "spent": Customer.spent}), shop, empty).manifest.warnings == ()


def test_not_converged(told, shop, empty: Registry):
    """With more iterations the solver comes to its end."""
    with pytest.warns(ConvergenceWarning) as warned:
        trained(model(params={"max_iter": 1}), shop, empty)
    told(f"{warned[0].category.__name__}: {warned[0].message}")
    with catch_warnings(record=True) as silence:
        trained(model(params={"max_iter": 1000}), shop, empty)
    assert silence == []


def test_estimator_not_offered(told, shop, empty: Registry):
    """The message names what can do the same."""
    told(refused(lambda: trained(model(algorithm=KNeighborsClassifier()), shop, empty)))
    assert trained(model(algorithm="svm"), shop, empty).manifest.name == "churn"


def test_unknown_parameter(told, shop, empty: Registry):
    """A parameter that is written as it is called is taken."""
    told(refused(lambda: trained(model(params={"max_iters": 500}), shop, empty)))
    assert trained(model(params={"max_iter": 500}), shop, empty).manifest.parameters["max_iter"] == 500


def test_random_state(told, shop, empty: Registry):
    """What is random goes by ``seed=``."""
    told(refused(lambda: trained(model(params={"random_state": 7}), shop, empty)))
    assert trained(model(seed=7), shop, empty).manifest.seed == 7


def test_params_beside_an_estimator(told):
    """An estimator is made with its parameters."""
    told(refused(lambda: model(algorithm=LogisticRegression(), params={"C": 0.5})))
    assert model(algorithm=LogisticRegression(C=0.5)).algorithm.C == 0.5


def test_missing_refused(told, shop, empty: Registry):
    """An estimator that takes no missing number is given filled ones."""
    told(refused(lambda: trained(model({"age": Feature(Customer.age, missing="native")}), shop, empty)))
    assert trained(model({"age": Feature(Customer.age, missing="median")}), shop, empty).manifest.inputs[0].imputation is not None
