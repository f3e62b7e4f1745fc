"""One process of the application: ``python -m examples.versioning.serve WAVE PART PARTS [URL]``.

It predicts for its part of the customers, in two threads, and keeps with each prediction which variant and version made it. The key is the
customer's number: a customer is a row each quarter, and shall have the same variant in all of them.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import create_engine, insert, select
from sqlalchemy.orm import Session

import prisml
from examples.versioning.load import DATABASE
from examples.versioning.ml import SERVED
from examples.versioning.models import Customer, Letter

THREADS = 2


def serve(engine: prisml.Engine, customers: Sequence[Customer], wave: str) -> list[dict[str, object]]:
    """The letters of these customers: each with what was predicted, and by whom."""
    predictions = engine.predict_many(customers, keys=[customer.id for customer in customers])
    return [
        {
            "wave": wave,
            "customer_id": customer.id,
            "variant": prediction.variant,
            "version": prediction.version,
            "churn_probability": prediction.value,
        }
        for customer, prediction in zip(customers, predictions, strict=True)
    ]


def main(arguments: list[str]) -> None:
    """Serves a part of the customers, and writes the letters in one transaction."""
    wave, part, parts, *url = arguments
    engine = prisml.load("churn")
    with Session(create_engine(url[0] if url else DATABASE)) as session:
        mine = select(Customer).where(Customer.day == SERVED, Customer.id % int(parts) == int(part))
        customers = session.scalars(mine.order_by(Customer.id)).all()
        with ThreadPoolExecutor(THREADS) as threads:
            shares = [customers[thread::THREADS] for thread in range(THREADS)]
            letters = [letter for found in threads.map(lambda share: serve(engine, share, wave), shares) for letter in found]
        if letters:
            session.execute(insert(Letter), letters)
            session.commit()


if __name__ == "__main__":
    main(sys.argv[1:])
