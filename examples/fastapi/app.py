"""The service: ``uvicorn examples.fastapi.app:app --workers 2``."""

from __future__ import annotations

from typing import Annotated

from fastapi import FastAPI, HTTPException, Path, Query
from sqlalchemy import select

from examples.fastapi.database import DatabaseSession
from examples.fastapi.models import TODAY, Customer
from examples.fastapi.problems import add_handlers
from examples.fastapi.schemas import Churn, CustomerOut, HealthOut, Page, Profile
from examples.fastapi.serving import ChurnEngine, lifespan
from prisml.orm import with_ml

Id = Annotated[int, Path(ge=1, le=2**31 - 1)]
After = Annotated[int, Query(ge=0, le=2**31 - 1)]
Limit = Annotated[int, Query(ge=1, le=1000)]

app = FastAPI(title="Which customers are leaving?", lifespan=lifespan)
add_handlers(app)


@app.get("/customers/{key}")
async def customer(key: Id, session: DatabaseSession) -> CustomerOut:
    """One customer, predicted with the statement that loads them."""
    found = await session.get(Customer, (key, TODAY), options=[with_ml()])
    if found is None:
        raise HTTPException(404, "There is no such customer.")
    return CustomerOut.of(found)


@app.get("/customers")
async def customers(session: DatabaseSession, after: After = 0, limit: Limit = 50) -> Page:
    """A page of customers: one statement, and one prediction for the batch."""
    statement = select(Customer).where(Customer.day == TODAY, Customer.id > after).order_by(Customer.id).limit(limit)
    found = (await session.scalars(statement.options(with_ml()))).all()
    return Page(customers=[CustomerOut.of(each) for each in found], after=found[-1].id if len(found) == limit else None)


@app.post("/predictions")
async def predict(profile: Profile, engine: ChurnEngine) -> Churn:
    """The prediction for a customer whom the database does not know. It takes microseconds: no thread is worth its way there."""
    return Churn.of(engine.predict(profile))


@app.get("/health")
async def health(engine: ChurnEngine) -> HealthOut:
    """What this worker serves: 200, also where ``problem`` says why it is not the newest; 503 where there is nothing to serve."""
    return HealthOut.model_validate(engine.health(), from_attributes=True)
