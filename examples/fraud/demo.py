"""From nothing to money that was not lost: ``python -m examples.fraud.demo [CARDS]``."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from rich.table import Table
from sqlalchemy import create_engine, func, select
from sqlalchemy.orm import Session

from examples.console import console, run, say
from examples.fraud.load import CARDS, DATABASE
from examples.fraud.load import main as load
from examples.fraud.ml import LOSS, REVIEW, TEST_FROM, fraud
from examples.fraud.models import Payment


def main(arguments: list[str]) -> int:
    """The exit code: 0, or that of the training."""
    started = time.perf_counter()
    say("1. Make up cards and half a year of payments.")
    load([DATABASE, *(arguments or [str(CARDS)])])
    say("2. Train; the payments of June are held out, the newest before them calibrate the model and choose the threshold.")
    if code := run(["prisml", "train", "examples.fraud.ml", "--database", DATABASE]):
        return code
    engine = fraud.load()
    with Session(create_engine(DATABASE)) as session:
        say(f"3. What June would have cost, at ${REVIEW} for each honest payment held back and ${LOSS} for each fraud let through.")
        payments = session.scalars(select(Payment).where(Payment.made_at >= TEST_FROM).order_by(Payment.id)).all()
        chances = engine.predict_many(payments).values
        console.print(_money(payments, chances, engine.manifest.threshold or 0.5))
        say("4. A thief tries a card with small amounts: what the model said of each payment when it was made.")
        console.print(_burst(session, payments, chances, engine.manifest.threshold or 0.5))
    say(f"Done in {time.perf_counter() - started:.0f} s. The data is in {DATABASE}, the model is in .prisml/registry.db.")
    return 0


def _money(payments: Sequence[Payment], chances: NDArray[np.float64], threshold: float) -> Table:
    """What each way to hold payments back would have cost."""
    is_fraud = np.array([payment.is_fraud for payment in payments])
    amounts = np.array([payment.amount for payment in payments])
    table = Table("held back where", "frauds stopped", "let through", "honest held back", "cost", "amounts stolen")
    for rule, above in (("never", 1.0), ("P(fraud) > 0.5", 0.5), (f"P(fraud) > {threshold:.3f}, by Cost", threshold)):
        held = chances > above
        missed, alarms = int(np.sum(is_fraud & ~held)), int(np.sum(held & ~is_fraud))
        cost = LOSS * missed + REVIEW * alarms
        stopped = int(np.sum(is_fraud & held))
        table.add_row(rule, str(stopped), str(missed), str(alarms), f"${cost:,}", f"${amounts[is_fraud & ~held].sum():,.0f}")
    return table


def _burst(session: Session, payments: Sequence[Payment], chances: NDArray[np.float64], threshold: float) -> Table:
    """The payments of the day on which a thief tried one card with small amounts."""
    tried = select(Payment.card_id, func.date(Payment.made_at).label("day")).where(
        Payment.is_fraud, Payment.amount < REVIEW, Payment.made_at >= TEST_FROM
    )
    most = session.execute(tried.group_by("card_id", "day").order_by(func.count().desc(), Payment.card_id)).first()
    card, day = (most.card_id, str(most.day)) if most else (0, "")
    table = Table("payment", "at", "category", "amount", "fraud", "P(fraud)", "held back", title=f"Card {card}")
    for payment, chance in zip(payments, chances, strict=True):
        if payment.card_id == card and str(payment.made_at.date()) == day:
            row = (payment.id, f"{payment.made_at:%b %d %H:%M}", payment.category, f"{payment.amount:.2f}")
            table.add_row(*map(str, row), "yes" if payment.is_fraud else "no", f"{chance:.3f}", "yes" if chance > threshold else "no")
    return table


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
