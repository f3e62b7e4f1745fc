"""Entries about moments and leaks: each is provoked, cured as the guide says, and works then."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from sqlalchemy import exists, func, select, text, update

from prisml import Feature, TimeSplit, days_since, expression, hour_of, resolver
from prisml.extraction.stream import extract
from prisml.registry import Registry
from tests.support.guide import refused
from tests.support.troubles import START, Customer, Order, model, trained

ORDERED = exists().where(Order.customer_id == Customer.id)


def window(as_of, days: int):
    """Whether a customer orders nothing within those days from then on."""
    return ~ORDERED.where(Order.placed_at >= as_of, Order.placed_at < as_of + timedelta(days=days))


def test_stable_needed(told, shop):
    """A column that never changes says so, and what changes is computed as it was."""
    told(refused(lambda: model({"country": Customer.country}, as_of=date(2024, 6, 1))))
    assert len(extract(model({"country": Feature(Customer.country, stable=True)}, as_of=date(2024, 6, 1)), shop).matrix) == 300


def test_label_not_known_yet(told, shop):
    """A date whose window is over has a label."""
    label, features = expression(lambda as_of: window(as_of, 90)), {"tenure": days_since(Customer.joined_at, stable=True)}
    today = datetime.now(UTC).date()
    told(refused(lambda: extract(model(features, label=label, as_of=today), shop)))
    assert len(extract(model(features, label=label, as_of=today - timedelta(days=91)), shop).matrix) == 300


def test_naive_and_aware(told, shop):
    """A resolver compares the moments it is shown with moments in UTC."""

    def old(row, since):
        return row.joined_at < since

    def define(since):
        return model({"old": resolver(lambda row: old(row, since), type=bool, uses=[Customer.joined_at], version="1")})

    told(refused(lambda: extract(define(datetime(2024, 6, 1)), shop)))
    assert len(extract(define(datetime(2024, 6, 1, tzinfo=UTC)), shop).matrix) == 300


def test_hours_are_utc(told, shop):
    """An hour is that of UTC unless a zone is named."""
    as_stored = extract(model({"hour": hour_of(Customer.joined_at)}), shop).matrix[:, 0]
    there = extract(model({"hour": hour_of(Customer.joined_at, tz="Asia/Tokyo")}), shop).matrix[:, 0]
    assert ((as_stored + 9) % 24 == there).all()


def test_no_row_on_one_side(told, shop, empty: Registry):
    """A date between the oldest and the newest row leaves rows on both sides."""
    told(refused(lambda: trained(model(split=TimeSplit(Customer.joined_at, test_from=date(2030, 1, 1))), shop, empty)))
    assert trained(model(split=TimeSplit(Customer.joined_at, test_from=date(2024, 8, 1))), shop, empty).manifest.rows.test > 5


def test_hold_out_of_one_class(told, shop, empty: Registry):
    """A hold-out that begins earlier holds both classes."""
    recent = START + timedelta(days=270)
    with shop.begin() as connection:
        connection.execute(update(Customer).where(Customer.joined_at >= recent).values(churned=False))
    told(refused(lambda: trained(model(split=TimeSplit(Customer.joined_at, test_from=recent)), shop, empty)))
    assert trained(model(split=TimeSplit(Customer.joined_at, test_from=date(2024, 7, 1))), shop, empty).manifest.rows.test > 100


def test_new_version_each_training(told, shop, empty: Registry):
    """What is counted until now is another number at each training; counted until a fixed moment it is the same."""
    with shop.begin() as connection:
        minutes = [{"key": number, "then": datetime.now(UTC) - timedelta(minutes=number)} for number in range(1, 301)]
        connection.execute(text("UPDATE customers SET joined_at = strftime('%Y-%m-%d %H:%M:%f', :then) WHERE id = :key"), minutes)

    def numbers(**options):
        definition = model(
            {"tenure": days_since(Customer.joined_at, stable=True), "spent": Feature(Customer.spent, stable=True)}, **options
        )
        return [trained(definition, shop, empty).digest for _ in range(2)]

    moving, fixed = numbers(), numbers(as_of=date(2025, 6, 1))
    assert moving[0] != moving[1]
    assert fixed[0] == fixed[1]


def test_leak_of_an_identifier(told, shop, empty: Registry):
    """What names the row is left out."""
    told(refused(lambda: trained(model({"id": Customer.id, "age": Customer.age}), shop, empty)))
    assert trained(model({"age": Customer.age}), shop, empty).manifest.name == "churn"


def test_leak_of_the_label(told, shop, empty: Registry):
    """What is written down together with the label is left out."""
    with shop.begin() as connection:
        connection.execute(text("UPDATE customers SET grade = CASE WHEN churned THEN 'cancelled' ELSE 'running' END"))
    told(refused(lambda: trained(model({"state": Customer.grade, "age": Customer.age}), shop, empty)))
    assert trained(model({"age": Customer.age}), shop, empty).manifest.name == "churn"


def test_leak_of_one_feature(told, shop, empty: Registry):
    """A feature that is honestly that good is waived by name, and the version keeps it."""
    late = {"label": Customer.spent > 44.0}
    told(refused(lambda: trained(model({"noisy": expression(Customer.spent + Customer.id % 3), "age": Customer.age}, **late), shop, empty)))
    waived = model({"noisy": expression(Customer.spent + Customer.id % 3), "age": Customer.age}, waive=["single_feature:noisy"], **late)
    assert trained(waived, shop, empty).manifest.waived


def test_leak_without_a_bound(told, shop):
    """A subquery over rows with times stops at ``as_of``."""
    all_of_them = select(func.count(Order.id)).where(Order.customer_id == Customer.id)

    def define(sql):
        return model({"order_count": expression(sql)}, as_of=date(2024, 6, 1))

    told(refused(lambda: define(lambda as_of: all_of_them.scalar_subquery())))
    assert set(extract(define(lambda as_of: all_of_them.where(Order.placed_at < as_of).scalar_subquery()), shop).matrix[:, 0]) == {1.0}
