"""The first draft of a definition: what is predicted, from what, and what is left out; each draft is a definition."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from prisml.commands.init.choose import Wanted, choose
from prisml.commands.init.guess import likeliest
from prisml.commands.init.imported import Imported
from prisml.commands.init.label import choose_label, labels_of
from prisml.commands.init.look import NOT_LOOKED, Look
from prisml.commands.init.mapped import read_entity
from prisml.commands.init.source import Chosen, source_of
from prisml.definition import ModelDefinition
from prisml.errors import DefinitionError
from tests.support.mapped import Account, Base, Customer, Order, Plan, Tag

ENTITIES = tuple(map(read_entity, (Tag, Account, Order, Customer)))


def draft(entity: type, label: str | None = None, look: Look = NOT_LOOKED, output: str | None = None) -> Chosen:
    """The draft of that label of the entity."""
    return choose(Imported(ENTITIES), read_entity(entity), Wanted(entity.__name__, label, output), look)


def defined(chosen: Chosen) -> ModelDefinition:
    """The definition that the draft's source makes."""
    names: dict[str, object] = {"__name__": "drafted"}
    exec(source_of(chosen), names)  # noqa: S102 -- It is what the command writes.
    made = names[chosen.variable]
    assert isinstance(made, ModelDefinition)
    assert made.name == chosen.variable
    return made


def test_labels_are_offered_the_likeliest_first():
    """An outcome by its name, then that nothing more comes, then other booleans, then numbers that are not known everywhere."""
    assert [label.name for label in labels_of(read_entity(Customer))] == ["churned", "orders", "newsletter", "age"]


def test_the_likeliest_entity_has_the_likeliest_label():
    """Whichever order the classes come in, the one with an outcome is taken."""
    assert likeliest(ENTITIES).cls is Customer
    assert likeliest(ENTITIES[::-1]).cls is Customer


def test_a_column_is_taken_by_its_type_or_left_out_with_a_reason():
    """Columns, times, a to-one column and counts are features; keys, secrets, texts and what the label decides are none, each with why."""
    chosen = draft(Customer, "churned")
    made = defined(chosen)
    assert set(made.features) == {
        *("country", "age", "balance", "plan", "newsletter", "days_since_joined_at"),
        *("account_segment", "account_days_since_opened_on", "orders_90d", "days_since_last_order"),
    }
    left_out = {each.name: each.why for each in chosen.draft.left_out}
    for name, why in {
        "id": "primary key",
        "account_id": "foreign key",
        "email": "person",
        "password_hash": "secret",
        "account.api_token": "secret",
        "about": "free text",
        "total_cents": "16,777,216",
        "token": "secret",
        "updated_at": "changes",
        "churn_reason": "named after the label",
        "closed_at": "an end",
        "picture": "LargeBinary",
        "tags": "no time",
    }.items():
        assert why in left_out.pop(name), name
        assert f"# - {name}: " in source_of(chosen)
    assert left_out == {}
    assert (made.output, made.task, made.gates[0].metric) == ("churned_probability", "binary", "roc_auc")


def test_silence_is_learned_from_what_was_known_then():
    """Where the label looks ahead, only what never changes and SQL bounded by the moment are features, and a later time judges."""
    chosen = draft(Customer, "orders")
    made = defined(chosen)
    assert set(made.features) == {"country", "days_since_joined_at", "account_days_since_opened_on", "orders_90d", "days_since_last_order"}
    assert (chosen.variable, chosen.output, made.task) == ("churn", "churn_probability", "binary")
    assert len(made.as_of.dates) == 3
    assert made.where is not None
    assert "may have changed" in {each.name: each.why for each in chosen.draft.left_out}["newsletter"]


@pytest.mark.parametrize(
    ("label", "task", "output"),
    [
        ("age", "regression", "predicted_age"),
        ("balance", "regression", "predicted_balance"),
        ("country", "multiclass", "predicted_country"),
    ],
)
def test_any_column_that_can_be_one_is_a_label(label: str, task: str, output: str):
    """A number makes a regression, a text several classes, whether it is offered or not."""
    made = defined(draft(Customer, label))
    assert (made.task, made.output) == (task, output)
    assert label not in made.features


def test_an_enumeration_of_two_has_a_positive_member():
    """Two members are a binary task, whose positive one is written down."""
    made = defined(draft(Customer, "plan", output="pays"))
    assert (made.task, made.positive, made.output) == ("binary", Plan.PAID.name, "pays")


@pytest.mark.parametrize("label", ["absent", "id", "updated_at", "tags", "account"])
def test_what_cannot_be_a_label_is_told_with_what_can(label: str):
    """A name that is no label is refused with those that are."""
    with pytest.raises(DefinitionError, match=label) as told:
        draft(Customer, label)
    assert "churned, orders" in told.value.suggestions[0]


def test_an_entity_without_anything_to_predict_is_told():
    """Where no column is known to be a label, the way out is to name one that can be, or to write one."""
    with pytest.raises(DefinitionError, match="no column that is known to be a label") as told:
        draft(Tag)
    named, written = told.value.suggestions
    assert named.endswith("--label word.")
    assert "expression" in written
    assert choose_label(read_entity(Tag), "word").task == "multiclass"


def test_a_look_at_the_database_tells_categories_and_dates():
    """With the database at hand a text is judged by its values, and the moments end where the data does."""
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add(Account(id=1, segment="a", opened_on=date(2020, 1, 1), api_token="x"))
        session.add_all(Order(id=number, customer_id=number, placed_on=date(2021, 1, number % 28 + 1)) for number in range(1, 100))
        session.add_all(Tag(id=number, customer_id=1, word=f"w{number % 60}") for number in range(1, 100))
        session.commit()
        look = Look(session.connection())
        words = read_entity(Tag).column("word")
        assert words is not None
        assert (look.rows(Order), look.values(words)) == (99, 60)
        chosen = draft(Customer, "orders", look)
        assert chosen.newest == date(2021, 1, 28)
        assert chosen.snapshots == (date(2020, 4, 30), date(2020, 7, 30), date(2020, 10, 29))
    with create_engine("sqlite://").connect() as empty:
        assert Look(empty).rows(Order) is None
        assert draft(Customer, "orders", Look(empty)).newest is None
