"""Fills the shop's database with made-up customers: `python -m shop.fill`."""

from datetime import UTC, datetime, timedelta

import numpy as np
from sqlalchemy import create_engine, insert

from shop.models import Base, Customer, Order, Ticket

DATABASE = "sqlite:///shop.db"
CUSTOMERS = 2_000
DAYS = 730


def main() -> None:
    """Write two years of customers, orders and tickets, the same each time but for the day that they end on."""
    random = np.random.default_rng(7)
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    customers, orders, tickets = [], [], []
    for number in range(1, CUSTOMERS + 1):
        joined = int(random.integers(60, DAYS))
        source = str(random.choice(["search", "friend", "advert"], p=[0.5, 0.2, 0.3]))
        customers.append(
            {
                "id": number,
                "email": f"customer{number}@example.com",
                "country": str(random.choice(["DE", "FR", "US"], p=[0.4, 0.3, 0.3])),
                "source": source,
                "newsletter": bool(random.random() < 0.4),
                "joined_at": today - timedelta(days=joined),
            }
        )
        # Who came by an advert stays for a shorter time; who complains has often made up their mind.
        stays = random.exponential({"search": 500, "friend": 900, "advert": 200}[source])
        gap = random.uniform(10, 60)
        day = 0.0
        while day < min(stays, joined):
            placed = today - timedelta(days=joined) + timedelta(days=day)
            orders.append({"customer_id": number, "placed_at": placed, "amount": round(float(random.gamma(4, 12)), 2)})
            day += random.exponential(gap)
        complaints = random.poisson(1.5 if stays < joined else 0.4)
        for _ in range(complaints):
            asked = min(stays, joined) * random.uniform(0.7, 1)
            topic = str(random.choice(["delivery", "return", "invoice"]))
            opened = today - timedelta(days=joined) + timedelta(days=asked)
            tickets.append({"customer_id": number, "opened_at": opened, "topic": topic})
    engine = create_engine(DATABASE)
    Base.metadata.drop_all(engine)
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(insert(Customer), customers)
        connection.execute(insert(Order), orders)
        connection.execute(insert(Ticket), tickets)
    print(f"{len(customers):,} customers, {len(orders):,} orders and {len(tickets):,} tickets are in {DATABASE}.")


if __name__ == "__main__":
    main()
