"""Laws of routing: what holds for every key, every set of weights and every change of them."""

from __future__ import annotations

import math
from decimal import Decimal
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from prisml._core import Routing, bucket, key_text, largest_remainder, reallocate
from tests.support import hashing

# No lone surrogates, which have no UTF-8.
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
DECIMALS = st.decimals(allow_nan=False, allow_infinity=False, places=6) | st.integers(-(10**30), 10**30).map(Decimal)
SINGLE = st.one_of(
    st.integers(), TEXT, st.uuids(), st.dates(), st.datetimes(), DECIMALS, st.binary(), st.sampled_from([*hashing.Plan, *hashing.Rank])
)
KEYS = SINGLE | st.lists(SINGLE, min_size=1, max_size=4) | st.lists(SINGLE, min_size=1, max_size=4).map(tuple)
# Each step is the parts of its weights; a later one never has fewer variants.
STEPS = st.lists(st.lists(st.integers(1, 500), min_size=1, max_size=6), min_size=1, max_size=5)
HISTORIES = STEPS.map(lambda steps: sorted(steps, key=len))
MARKS = st.lists(st.text("|\\a", max_size=3), min_size=2, max_size=3)
START = [[(0, 10_000)]]


def counts_of(parts: list[int]) -> list[int]:
    """The counts of variants weighted as ``parts``."""
    return largest_remainder([part / sum(parts) for part in parts])


def owners(ranges: list[list[tuple[int, int]]]) -> np.ndarray:
    """The variant of each bucket; fails where a bucket has none or two."""
    found = np.full(10_000, -1)
    for variant, pairs in enumerate(ranges):
        for start, end in pairs:
            assert 0 <= start < end <= 10_000
            assert (found[start:end] == -1).all()
            found[start:end] = variant
    assert (found >= 0).all()
    return found


@given(key=KEYS, salt=TEXT)
def test_text_and_bucket_are_those_of_a_second_implementation(key, salt):
    """Any key of a kind that is taken has the text and the bucket that a short Python program computes."""
    text = hashing.key_text(key)
    assert key_text(key) == text
    assert bucket(salt, key) == hashing.bucket(salt, text)


@given(one=st.lists(TEXT, min_size=2, max_size=3), other=st.lists(TEXT, min_size=2, max_size=3))
def test_different_composite_keys_have_different_texts(one, other):
    """However parts are made of bars and backslashes, two keys of text are one only where their parts are."""
    assert (key_text(one) == key_text(other)) == (one == other)


@given(one=MARKS, other=MARKS)
def test_marks_inside_parts_never_make_two_keys_one(one, other):
    """The same, where nearly every letter is a mark."""
    assert (key_text(one) == key_text(other)) == (one == other)


@given(keys=st.lists(KEYS | st.none(), max_size=30), parts=st.lists(st.integers(1, 9), min_size=2, max_size=4), salt=TEXT, data=st.data())
def test_a_batch_is_what_its_keys_are_one_by_one(keys, parts, salt, data):
    """assign_many gives assign of each key, -1 for none; forced keys win; the rest follow their buckets."""
    ranges = reallocate(START, counts_of(parts))
    texts = sorted({key_text(key) for key in keys if key is not None})
    forced = data.draw(st.dictionaries(st.sampled_from(texts), st.integers(0, len(parts) - 1)) if texts else st.just({}))
    routing = Routing(salt, ranges, forced)
    singly = [routing.assign(key) for key in keys]
    assert routing.assign_many(keys).tolist() == [-1 if variant is None else variant for variant in singly]
    owner = owners(ranges)
    for key, variant in zip(keys, singly, strict=True):
        if key is not None:
            assert variant == forced.get(key_text(key), owner[bucket(salt, key)])


@given(keys=st.lists(st.integers(-(2**63), 2**63 - 1)), salt=TEXT)
def test_an_array_of_integers_is_what_its_list_is(keys, salt):
    """The path of NumPy's integers gives what Python's give."""
    routing = Routing(salt, reallocate(START, [3_333, 3_333, 3_334]), {"7": 1})
    assert routing.assign_many(np.array(keys, dtype=np.int64)).tolist() == routing.assign_many(keys).tolist()


@given(parts=st.lists(st.integers(0, 2_000), min_size=1, max_size=40).filter(any))
def test_counts_are_the_weights_to_less_than_a_bucket(parts):
    """Counts sum to 10,000, each within one of its weight; a smaller weight never gets more, and of equal ones the first gets no less."""
    weights = [part / sum(parts) for part in parts]
    counts = largest_remainder(weights)
    assert sum(counts) == 10_000
    assert all(abs(count - 10_000 * weight) < 1 for count, weight in zip(counts, weights, strict=True))
    ordered = sorted(zip(parts, [-place for place in range(len(parts))], counts, strict=True))
    assert [count for *_, count in ordered] == sorted(counts)
    assert largest_remainder(weights) == counts


@settings(max_examples=60)
@given(steps=HISTORIES)
def test_a_change_of_weights_moves_only_the_buckets_it_must(steps):
    """Each variant has what was asked, every bucket has one, and as many change as the shrinking variants lose: fewer is impossible."""
    now = START
    for counts in map(counts_of, steps):
        then = reallocate(now, counts)
        before, after = owners(now), owners(then)
        assert np.bincount(after, minlength=len(counts)).tolist() == counts
        assert all(first[1] < second[0] for pairs in then for first, second in pairwise(pairs))
        had = np.bincount(before, minlength=len(counts))
        assert np.count_nonzero(before != after) == np.maximum(had - counts, 0).sum()
        assert reallocate(then, counts) == then
        now = then


@settings(max_examples=60)
@given(steps=HISTORIES, shares=st.lists(st.floats(0, 1 / 7), min_size=7, max_size=7))
def test_where_only_control_shrinks_nobody_leaves_a_treatment(steps, shares):
    """After any history, raising treatments and adding one at control's cost moves buckets from control alone."""
    now = START
    for counts in map(counts_of, steps):
        now = reallocate(now, counts)
    counts = [*np.bincount(owners(now), minlength=len(now)).tolist(), 0]
    gains = [math.floor(counts[0] * share) for share in shares[: len(counts) - 1]]
    raised = [counts[0] - sum(gains), *(count + gain for count, gain in zip(counts[1:], gains, strict=True))]
    before, after = owners(now), owners(reallocate(now, raised))
    assert set(before[before != after].tolist()) <= {0}


@given(low=st.integers(1, 5_000), high=st.integers(1, 4_999))
def test_a_ramp_is_one_step_or_many(low, high):
    """A treatment that is raised in two steps ends where one step would have brought it."""
    middle = reallocate(START, [10_000 - low, low])
    assert reallocate(middle, [10_000 - low - high, low + high]) == reallocate(START, [10_000 - low - high, low + high])
