"""Loading through a definition whose mapping is not what the version was trained with: it serves where it can, and says so."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest
from sqlalchemy import Column, Enum, ForeignKey, Integer, MetaData, String

from prisml.errors import ConfigurationError, PrisMLWarning, SchemaDriftError
from prisml.registry import Registry
from tests.support.drifting import define, store, tables

AGE = "'churn' was trained with another mapping: customers.age may be NULL, and was NOT NULL"


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    """A registry with a version that was trained with the usual mapping."""
    opened = Registry(f"sqlite:///{tmp_path / 'registry.db'}")
    store(opened, definition=define(age="age"))
    return opened


def nullable() -> MetaData:
    """The tables, with an age that may be missing."""
    return tables(age=Column("age", Integer, nullable=True))


def test_a_mapping_that_says_otherwise_of_the_same_column_warns(registry: Registry):
    """The engine serves, a warning names column and feature, and ``health`` keeps it; by default and with ``"warn"`` alike."""
    for options in ({}, {"on_drift": "warn"}):
        with pytest.warns(PrisMLWarning, match=AGE) as caught:
            engine = define(nullable(), age="age").load(registry=registry, refresh=None, **options)
        assert len(caught) == 1
        assert engine.predict({"age": 41}).version == 1
        assert engine.health().notes == (str(caught[0].message),)
        assert "for the sake of 'age'" in engine.health().notes[0]


def test_asked_to_it_raises(registry: Registry):
    """With ``"error"`` the same difference is a ``SchemaDriftError`` that names the feature and the way out; another word is none."""
    for version in (None, 1):
        with pytest.raises(SchemaDriftError, match=AGE) as caught:
            define(nullable(), age="age").load(registry=registry, refresh=None, version=version, on_drift="error")
        assert caught.value.context == {"model": "churn", "features": ("age",), "fields": ()}
    with pytest.raises(ConfigurationError, match="on_drift"):
        define(age="age").load(registry=registry, on_drift="ignore")


def test_what_cannot_be_served_is_an_error_whatever_is_asked(registry: Registry):
    """Other inputs, and a type that is read as something else, raise even with ``"warn"``."""
    other = define(city="city")
    retyped = define(tables(age=Column("age", String(9), nullable=False)), age="age")
    for definition in (other, retyped):
        with pytest.raises(SchemaDriftError, match="cannot be served by this definition"):
            definition.load(registry=registry, refresh=None, on_drift="warn")


def test_the_same_mapping_and_more_of_it_say_nothing(registry: Registry):
    """Columns that no feature reads, in whatever state, and the mapping as it was, warn of nothing."""
    more = tables(height=Column("height", Integer), notes=None, city=None)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for definition in (define(age="age"), define(more, age="age")):
            engine = definition.load(registry=registry, refresh=None, on_drift="error")
            assert engine.health().notes == ()


@pytest.mark.parametrize(
    ("column", "words"),
    [
        (lambda: Column("segment", Enum("small", name="segment"), nullable=False), "has the values 'small', and had 'small', 'large'"),
        (
            lambda: Column("segment", Enum("small", "large", name="segment"), ForeignKey("people.id"), nullable=False),
            "references people.id",
        ),
    ],
    ids=["values", "references"],
)
def test_values_and_foreign_keys_count_too(tmp_path: Path, column, words: str):
    """An enumeration that lost a value, and a column that leads elsewhere, are told."""
    opened = Registry(f"sqlite:///{tmp_path / 'other.db'}")
    store(opened, definition=define(segment="segment", age="age"))
    with pytest.raises(SchemaDriftError, match=words):
        define(tables(segment=column()), segment="segment", age="age").load(registry=opened, refresh=None, on_drift="error")


def test_an_engine_that_follows_keeps_the_word(registry: Registry):
    """What is activated later is judged by the same ``on_drift``: what served before serves on where it says error."""
    definition = define(nullable(), age="age")
    store(registry, definition=definition)
    engine = definition.load(registry=registry, refresh=None, on_drift="error")
    assert (engine.version, engine.health().notes) == (2, ())
    registry.activate("churn", 1)
    with pytest.raises(SchemaDriftError, match=AGE):
        engine.refresh()
    assert engine.version == 2
