"""Entries about training: each is provoked, cured as the guide says, and works then."""

from __future__ import annotations

import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sqlalchemy import text, update

from prisml import Feature
from prisml.commands.train import train
from prisml.registry import Registry
from tests.support.database import opened
from tests.support.guide import refused
from tests.support.troubles import Customer, Order, customer, fill, model, trained


def test_no_rows(told, shop, empty: Registry):
    """A filter that some rows pass leaves something to learn from."""
    told(train(model(where=Customer.country == "de"), database=shop, registry=empty).checked.findings[-1].detail)
    assert trained(model({"age": Customer.age, "spent": Customer.spent}, where=Customer.country == "DE"), shop, empty).manifest.rows.train > 50


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
        fill(more, [customer(number) for number in range(1, 81)])
        told(refused(lambda: trained(model(), few, empty)))
        assert trained(model(), more, empty).manifest.rows.train == 64


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
    (found,) = trained(model(), shop, empty).manifest.findings
    told(f"{found.code}: {found.what} {found.way_out}")
    assert trained(model({"age": Customer.age, "spent": Customer.spent}), shop, empty).manifest.findings == ()


def test_not_converged(told, shop, empty: Registry):
    """With more iterations the solver comes to its end."""
    found = trained(model(params={"max_iter": 1}), shop, empty).manifest.findings
    told("; ".join(f"{each.code}: {each.what}" for each in found))
    assert trained(model(params={"max_iter": 1000}), shop, empty).manifest.findings == ()


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
