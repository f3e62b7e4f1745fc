"""What the service takes and gives."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from examples.fastapi.ml import churn
from examples.fastapi.models import Customer
from prisml import Prediction


class Churn(BaseModel):
    """A probability, and which version of the model gave it; ``variant`` is None outside of an experiment."""

    churn_probability: float
    version: int | None
    variant: str | None

    @classmethod
    def of(cls, prediction: Prediction) -> Churn:
        """What the service tells of ``prediction``."""
        return cls(churn_probability=prediction.value, version=prediction.version, variant=prediction.variant)


class Profile(BaseModel):
    """What the model reads of a customer. A column of the table has the same name and meaning."""

    model_config = ConfigDict(from_attributes=True)

    purchases: int = Field(ge=1)
    purchases_90d: int = Field(ge=0)
    discs: int = Field(ge=0)
    spent: float = Field(ge=0, allow_inf_nan=False)
    spent_90d: float = Field(ge=0, allow_inf_nan=False)
    days_since_first: int = Field(ge=0)
    days_since_last: int = Field(ge=0)


class CustomerOut(BaseModel):
    """A customer with the prediction."""

    id: int
    profile: Profile
    churn: Churn

    @classmethod
    def of(cls, customer: Customer) -> CustomerOut:
        """What the service tells of ``customer``, whose prediction came with the statement."""
        return cls(id=customer.id, profile=Profile.model_validate(customer), churn=Churn.of(churn.of(customer)))


class Page(BaseModel):
    """Customers in the order of their ids, and where the next page begins; None at the end."""

    customers: list[CustomerOut]
    after: int | None


class HealthOut(BaseModel):
    """Which version this worker serves, and what stands in the way of another one."""

    model: str = Field(validation_alias="name")
    version: int | None
    experiment: str | None
    following: bool
    refreshed_at: datetime | None
    problem: str | None
