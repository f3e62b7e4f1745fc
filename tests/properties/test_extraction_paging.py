from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Float, Integer, String, create_engine, insert, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.pool import StaticPool

from prisml.definition.define import define_model
from prisml.extraction.reading import pages
from prisml.extraction.statement import training_statement

NOW = datetime(2024, 1, 1, tzinfo=UTC)


class Base(DeclarativeBase):
    pass


class Item(Base):
    __tablename__ = "items"

    text: Mapped[str] = mapped_column(String, primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    share: Mapped[float] = mapped_column(Float, primary_key=True)
    value: Mapped[int]
    flag: Mapped[bool]


DEFINITION = define_model(Item, output="guess", label=Item.flag, features={"value": Item.value})
STATEMENT = training_statement(DEFINITION, [("value",)])

# Few different values in each part, so that keys share beginnings; odd ones among them.
KEYS = st.lists(
    st.tuples(
        st.sampled_from(["", "a", "A", "b", "ä", "a'", "%s", ":x", "a b", "\U0001f600"]) | st.text(max_size=3),
        st.integers(-2, 2) | st.integers(-(2**63), 2**63 - 1),
        st.sampled_from([0.0, 0.1, -0.5, 1e300]) | st.floats(allow_nan=False, allow_infinity=False),
    ),
    unique_by=lambda key: (key[0], key[1], key[2] + 0.0),
    max_size=40,
)


@given(KEYS.map(lambda keys: [key for key in keys if "\x00" not in key[0]]), st.integers(1, 12))
@settings(deadline=None)
def test_pages_are_the_rows_of_one_select(keys, size):
    """For any composite keys and any page size, the pages one after another are what a plain SELECT with ORDER BY gives."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    Base.metadata.create_all(engine)
    with engine.connect() as connection:
        if keys:
            rows = [{"text": a, "number": b, "share": c, "value": n, "flag": True} for n, (a, b, c) in enumerate(keys)]
            connection.execute(insert(Item.__table__), rows)
        plain = connection.execute(select(Item.value).order_by(Item.text, Item.number, Item.share)).scalars().all()
        found = list(pages(connection, STATEMENT, NOW, size=size))
    engine.dispose()
    assert [row[0] for page in found for row in page] == plain
    assert sorted(plain) == list(range(len(keys)))
    assert all(len(page) == size for page in found[:-1])
    assert all(0 < len(page) <= size for page in found)
