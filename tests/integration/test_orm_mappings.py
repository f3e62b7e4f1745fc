"""Unusual mappings: trees of one class, computed columns, renamed and versioned ones, polymorphic queries, objects without a hash."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, ForeignKey, create_engine, func, insert, select
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    MappedAsDataclass,
    Session,
    column_property,
    joinedload,
    mapped_column,
    relationship,
    selectinload,
    sessionmaker,
    synonym,
    with_polymorphic,
)

from prisml import define_model
from prisml.manifest import Source
from prisml.orm import extend, with_ml
from prisml.registry import Registry
from tests.artifacts import AGE, expected
from tests.support.database import statements
from tests.support.predicted import predict_calls, publish

COUNT = 15


class Base(DeclarativeBase):
    pass


class Node(Base):
    """A tree; half of what is read of it is called otherwise in the database, or computed there."""

    __tablename__ = "node"
    id: Mapped[int] = mapped_column(primary_key=True)
    age: Mapped[int] = mapped_column("years_old")
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("node.id"))
    kind: Mapped[str] = mapped_column()
    weak: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column()
    parent: Mapped[Node | None] = relationship(back_populates="children", remote_side="Node.id")
    children: Mapped[list[Node]] = relationship(back_populates="parent")
    years = synonym("age")
    __mapper_args__ = {"version_id_col": version, "polymorphic_on": kind, "polymorphic_identity": "node"}  # noqa: RUF012

    @hybrid_property
    def months(self) -> int:
        return self.age * 12

    @months.inplace.setter
    def _set_months(self, value: int) -> None:
        self.age = value // 12

    def __len__(self) -> int:
        return 0

    def __bool__(self) -> bool:
        raise TypeError

    def __eq__(self, other: object) -> bool:
        raise TypeError

    __hash__ = None


Node.doubled = column_property(Node.age * 2)


class Leaf(Node):
    size: Mapped[int | None]
    __mapper_args__ = {"polymorphic_identity": "leaf"}  # noqa: RUF012


class Plain(MappedAsDataclass, DeclarativeBase):
    pass


class Point(Plain):
    __tablename__ = "point"
    id: Mapped[int] = mapped_column(primary_key=True)
    age: Mapped[int]
    far: Mapped[bool] = mapped_column(default=False)


weak = define_model(Node, output="weakness", label=Node.weak, features={"age": Node.age}, name="weak")
doubled = define_model(Node, output="double", label=Node.weak, features={"age": Node.doubled}, name="doubled")
far = define_model(Point, output="distance", label=Point.far, features={"age": Point.age}, name="far")
DOUBLED = AGE.model_copy(update={"sources": (Source(path=("doubled",), dtype="int"),)})


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    """A registry with the three models."""
    registry = Registry(f"sqlite:///{tmp_path / 'registry.db'}")
    for definition, inputs in ((weak, (AGE,)), (doubled, (DOUBLED,)), (far, (AGE,))):
        publish(registry, definition, inputs)
    return registry


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Engine]:
    """A tree of fifteen nodes, each with two below it, the last eight being leaves; and as many points."""
    engine = create_engine(f"sqlite:///{tmp_path / 'tree.db'}")
    for base in (Base, Plain):
        base.metadata.create_all(engine)
    with engine.begin() as connection:
        for number in range(1, COUNT + 1):
            kind = "leaf" if number > COUNT // 2 else "node"
            values = {"id": number, "years_old": number, "parent_id": number // 2 or None, "kind": kind, "weak": False, "version": 1}
            connection.execute(insert(Node.__table__).values(values))
            connection.execute(insert(Point).values(id=number, age=number))
    yield engine
    engine.dispose()


@pytest.fixture
def maker(registry: Registry, database: Engine) -> sessionmaker[Session]:
    """Sessions extended with all three models."""
    return extend(sessionmaker(database), [weak, doubled, far], registry=registry)


def is_right(node: Any, age: int | None = None) -> bool:
    """Whether both models have predicted the node from its age."""
    age = node.id if age is None else age
    found = [weak.of(node).value, doubled.of(node).value]
    return found == pytest.approx([expected({"age": age}, (AGE,)), expected({"age": 2 * age}, (AGE,))])


def below(node: Any) -> Iterator[Any]:
    """The node and all that is below it."""
    yield node
    for child in node.children:
        yield from below(child)


@pytest.mark.parametrize("how", [selectinload, joinedload])
def test_a_tree_is_predicted_once(maker: sessionmaker[Session], how: Any):
    """A relationship of a class to itself is followed as far as the statement loads it, each object predicted once in one batch."""
    with maker() as session, predict_calls() as calls:
        options = (how(Node.children, recursion_depth=-1) if how is selectinload else joinedload(Node.children).joinedload(Node.children),)
        root = session.scalars(select(Node).where(Node.parent_id.is_(None)).options(*options, with_ml())).unique(id).one()
        count = COUNT if how is selectinload else 7
        assert calls == [count, count]
        assert root.children[0].parent is root
        assert all(is_right(node) for node in [root, *root.children, *root.children[0].children])


def test_polymorphic_queries_are_predicted(maker: sessionmaker[Session]):
    """``with_polymorphic`` and queries of a subclass give predicted objects of whatever class the rows have."""
    with maker() as session, predict_calls() as calls:
        nodes = session.scalars(select(with_polymorphic(Node, "*")).options(with_ml())).all()
        assert {type(node) for node in nodes} == {Node, Leaf}
        assert all(is_right(node) for node in nodes)
        assert calls == [COUNT, COUNT]
    with maker() as session:
        assert all(is_right(node) for node in session.scalars(select(Leaf).options(with_ml())))


@pytest.mark.parametrize("change", ["attribute", "synonym", "hybrid"])
def test_a_change_by_another_name_counts(maker: sessionmaker[Session], change: str):
    """What sets a column by way of a synonym or a hybrid property drops the prediction as setting it does."""
    with maker() as session:
        node = session.get(Node, 3, options=[with_ml("weak")])
        setattr(node, *{"attribute": ("age", 40), "synonym": ("years", 40), "hybrid": ("months", 480)}[change])
        assert weak.of(node).value == pytest.approx(expected({"age": 40}, (AGE,)))


def test_computed_and_versioned_columns(maker: sessionmaker[Session], database: Engine):
    """After a flush the version is another and the computed column is loaded anew: the predictions are of the new values."""
    with maker() as session, statements(database) as sent:
        node = session.get(Node, 3, options=[with_ml()])
        assert is_right(node)
        node.age = func.abs(-40)
        session.flush()
        sent.clear()
        assert is_right(node, 40)
        assert len(sent) <= 2
        assert node.version == 2
        new = Node(id=100, age=50, weak=False)
        assert weak.of(new).value == pytest.approx(expected({"age": 50}, (AGE,)))


def test_dataclasses_that_are_equal_are_two(maker: sessionmaker[Session]):
    """Objects that compare equal, as dataclasses with the same values do, have their own predictions."""
    with maker() as session:
        one, other = Point(id=1, age=7), Point(id=1, age=7)
        assert one == other
        session.add(one)
        first = far.of(one)
        other.age = 60
        assert far.of(other).value > first.value == far.of(one).value
