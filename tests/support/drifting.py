"""A shop whose mapping and database can be changed, and a model of it that is trained or merely stored."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, Column, Connection, Engine, Enum, ForeignKey, Integer, MetaData, Numeric, String, Table, insert
from sqlalchemy.orm import registry as mapping
from sqlalchemy.orm import relationship

from prisml import define_model, related, resolver
from prisml.definition.model import ModelDefinition
from prisml.extraction.fingerprint import columns_fingerprint, resolver_fingerprint
from prisml.extraction.reads import reads_of
from prisml.extraction.reflected import observed
from prisml.manifest import Fingerprints
from prisml.registry import Artifact, Registry, Version
from tests.artifacts import AGE, make_artifact

READ = ("accounts.id", "accounts.plan", "customers.account_id", "customers.age", "customers.city", "customers.segment", "customers.spent")
"""What the features of ``define()`` read."""
SHOP = ("accounts", "customers")


def initial(customer: Any) -> str:
    """A resolver: the first letter of the city."""
    return str(customer.city[:1])


def tables(schema: str | None = None, **columns: Column[Any] | None) -> MetaData:
    """The shop's tables, in a schema or not; a column of customers can be another one, or None: left out."""
    metadata = MetaData(schema=schema)
    for name in ("accounts", "people"):
        Table(name, metadata, Column("id", Integer, primary_key=True, autoincrement=False), Column("plan", String(20), nullable=False))
    own: dict[str, Column[Any] | None] = {
        "id": Column("id", Integer, primary_key=True, autoincrement=False),
        "age": Column("age", Integer, nullable=False),
        "city": Column("city", String(20), nullable=False),
        "segment": Column("segment", Enum("small", "large", name="segment"), nullable=False),
        "spent": Column("spent", Numeric(10, 2), nullable=False),
        "notes": Column("notes", String(50)),
        "churned": Column("churned", Boolean, nullable=False),
        "account_id": Column("account_id", Integer, ForeignKey("accounts.id", name="fk_account")),
    }
    Table("customers", metadata, *(column for column in (own | columns).values() if column is not None))
    return metadata


def define(metadata: MetaData | None = None, **features: Any) -> ModelDefinition[Any]:
    """A model over classes that are mapped anew; ``features`` are attributes of the customer by name, in place of the usual five."""
    metadata = tables() if metadata is None else metadata

    class Account:
        plan: Any

    class Customer:
        pass

    classes = mapping(metadata=metadata)
    accounts, customers = (metadata.tables[name if metadata.schema is None else f"{metadata.schema}.{name}"] for name in SHOP)
    classes.map_imperatively(Account, accounts)
    link = relationship(Account, primaryjoin=customers.c.account_id == accounts.c.id, foreign_keys=[customers.c.account_id])
    classes.map_imperatively(Customer, customers, properties={"account": link})
    of: Any = Customer
    chosen: dict[str, Any] = {name: getattr(of, attribute) for name, attribute in features.items()}
    if not features:
        chosen = {name: getattr(of, name) for name in ("age", "segment", "spent")}
        chosen |= {"plan": related(of.account, Account.plan), "initial": resolver(initial, type=str, uses=[of.city])}
    return define_model(
        of, output="leaves", name="churn", label=of.churned, features=chosen, algorithm="decision_tree", waive=["label_copy"]
    )


def fill(database: Engine, rows: int = 200, metadata: MetaData | None = None) -> None:
    """The tables, as they are usually mapped or as given, with customers of whom the younger ones leave."""
    metadata = tables() if metadata is None else metadata
    metadata.create_all(database)
    plans = [{"id": 1, "plan": "free"}, {"id": 2, "plan": "paid"}]
    customers = [
        {
            "id": number,
            "age": 20 + number % 50,
            "city": ("Rome", "Oslo", "Bonn")[number % 3],
            "segment": ("small", "large")[number % 2],
            "spent": number % 17,
            "churned": number % 50 < 20,
            "account_id": 1 + number % 2,
        }
        for number in range(rows)
    ]
    with database.begin() as connection:
        for name, values in (("accounts", plans), ("people", plans), ("customers", customers)):
            connection.execute(insert(next(table for table in metadata.tables.values() if table.name == name)), values)


def store(registry: Registry, connection: Connection | None = None, definition: ModelDefinition[Any] | None = None) -> Version:
    """A version as if ``definition`` had been trained on that database, whose graph is made by hand."""
    definition = define() if definition is None else definition
    return registry.publish(artifact_of(definition, connection))


def artifact_of(definition: ModelDefinition[Any], connection: Connection | None = None) -> Artifact:
    """The artifact of that version."""
    made = make_artifact(inputs=(AGE,), output=definition.output)
    resolvers = {name: resolver_fingerprint(feature) for name, feature in definition.resolvers.items()}
    reads = reads_of(definition)
    changed = {
        "fingerprints": Fingerprints(columns=columns_fingerprint(definition), resolvers=resolvers),
        "reads": reads if connection is None else observed(reads, connection),
    }
    return Artifact(made.manifest.model_copy(update=changed).to_json(), made.onnx)
