"""Fills the shop's database with made-up customers: `python -m shop.fill`."""

from datetime import date, datetime, time, timedelta

import numpy as np
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from shop.models import Base, Customer, Order, Ticket

DATABASE = "sqlite:///shop.db"
# How long a customer stays, on average, by where they came from.
DAYS = {"search": 500, "friend": 900, "advert": 200}


def customers(count: int) -> list[Customer]:
    """Two years of a shop: the same each time, but for the day that they end on."""
    random = np.random.default_rng(7)
    today = datetime.combine(date.today(), time())
    made = []
    for number in range(1, count + 1):
        member_for = int(random.integers(60, 730))
        joined_at = today - timedelta(days=member_for)
        source = str(random.choice(list(DAYS)))
        stays = min(random.exponential(DAYS[source]), member_for)
        days = np.cumsum(random.exponential(random.uniform(10, 60), size=80))
        # Who leaves complains before.
        complaints = random.poisson(1.5 if stays < member_for else 0.4)
        asked = stays * random.uniform(0.7, 1, size=complaints)
        amounts = random.gamma(4, 12, size=80)
        made.append(
            Customer(
                email=f"customer{number}@example.com",
                country=str(random.choice(["DE", "FR", "US"])),
                source=source,
                newsletter=bool(random.random() < 0.4),
                joined_at=joined_at,
                orders=[
                    Order(placed_at=joined_at + timedelta(days=day), amount=amount)
                    for day, amount in zip(days.tolist(), amounts.tolist())
                    if day < stays
                ],
                tickets=[
                    Ticket(
                        opened_at=joined_at + timedelta(days=day),
                        topic=str(random.choice(["delivery", "return", "invoice"])),
                    )
                    for day in asked.tolist()
                ],
            )
        )
    return made


def main() -> None:
    """Make the tables, and fill them."""
    engine = create_engine(DATABASE)
    Base.metadata.drop_all(engine)
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all(customers(2_000))
        session.commit()
    print(f"2,000 customers are in {DATABASE}.")


if __name__ == "__main__":
    main()
