"""What the Rust core makes of keys, weights and ranges."""

from __future__ import annotations

import datetime as dt
import enum
import json
import sys
import threading
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from uuid import UUID

import numpy as np
import pandas as pd
import pytest

from prisml import errors
from prisml._core import Routing, bucket, key_text, largest_remainder, reallocate
from tests.support import hashing

REFERENCE = json.loads((Path(__file__).parents[1] / "reference" / "routing.json").read_text(encoding="utf-8"))
HALVES = [[(0, 5_000)], [(5_000, 10_000)]]


class Unnamed(enum.Flag):
    ONE = 1


@pytest.mark.parametrize(("salt", "key", "wanted"), REFERENCE["growthbook"])
def test_buckets_are_those_that_growthbook_publishes(salt, key, wanted):
    """The published vectors of GrowthBook's hash, version 2, give their buckets."""
    assert bucket(salt, key) == wanted == hashing.bucket(salt, key)


@pytest.mark.parametrize("name", hashing.KEYS)
def test_a_key_of_every_kind_keeps_its_text_and_its_buckets(name):
    """Text and buckets are the frozen ones, and those of a second implementation."""
    key, frozen = hashing.KEYS[name], REFERENCE["keys"][name]
    assert key_text(key) == frozen["text"] == hashing.key_text(key)
    for salt, wanted in frozen["buckets"].items():
        assert bucket(salt, key) == wanted == hashing.bucket(salt, frozen["text"])


def test_every_frozen_key_is_still_tested():
    """No key that was frozen is left out of the table, and no key of the table is not frozen."""
    assert hashing.KEYS.keys() == REFERENCE["keys"].keys()


def test_text_is_hashed_as_utf_8():
    """Beyond ASCII the bytes of UTF-8 are hashed: composed and combining letters are different keys."""
    assert bucket("seed", "\u00e9") == hashing.bucket("seed", "\u00e9")
    assert bucket("seed", "caf\u00e9") != bucket("seed", "cafe\u0301")


@pytest.mark.parametrize(
    "same",
    [
        [7, np.int8(7), np.uint64(7), Decimal("7.00"), "7", (7,), [7]],
        [
            dt.datetime(2013, 11, 1, 5, 30),
            dt.datetime(2013, 11, 1, 5, 30, tzinfo=dt.UTC),
            dt.datetime(2013, 11, 1, 11, 0, tzinfo=hashing.KOLKATA),
            pd.Timestamp("2013-11-01 05:30"),
        ],
        [Decimal("0.5"), Decimal("5E-1"), Decimal("0.500"), "0.5"],
        [UUID(int=7), UUID(int=7).urn.removeprefix("urn:uuid:")],
    ],
)
def test_what_is_equal_for_a_database_is_one_key(same):
    """An integer, a moment or a UUID has one text, whichever driver gave it."""
    assert len({key_text(key) for key in same}) == 1


@pytest.mark.parametrize(
    ("key", "named", "got"),
    [
        (True, "bool", "bool"),
        (np.bool_(True), "bool", "bool"),
        (1.0, "float", "float"),
        (np.float64(1), "float64", "float64"),
        (np.timedelta64(1), "timedelta64", "timedelta64"),
        (np.datetime64("2024-01-01"), "datetime64", "datetime64"),
        (pd.NaT, "NaTType", "NaTType"),
        ({}, "dict", "dict"),
        (object(), "object", "object"),
        ((), "tuple without parts", "tuple"),
        ([], "list without parts", "list"),
        ((1, None), "NoneType inside a composite key", "NoneType"),
        ((None,), "NoneType inside a composite key", "NoneType"),
        ((1, 2.5), "float inside a composite key", "float"),
        ((1, (2, 3)), "tuple inside a composite key", "tuple"),
        (Decimal("NaN"), "Decimal that is no finite number", "Decimal"),
        (Decimal("-Infinity"), "Decimal that is no finite number", "Decimal"),
        (Decimal("1E+999999"), "Decimal of more than 4,300 digits", "Decimal"),
        (10**5_000, "int of more than 4,300 digits", "int"),
        (Unnamed(0), "Unnamed without a name", "Unnamed"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_key_is_refused_by_its_type(key, named, got):
    """The error names the type and the way out, and never the value."""
    for call in (key_text, lambda key: bucket("", key), Routing("", HALVES, {}).assign):
        with pytest.raises(errors.EncodingError) as caught:
            call(key)
        assert caught.value.message == f"Key: a value of type {named} cannot be a key."
        assert caught.value.suggestions[0].startswith("Give an int, str, UUID,")
        assert dict(caught.value.context) == {"type": got}


def test_text_without_utf_8_is_refused():
    """A lone surrogate is an error, alone and in a composite key."""
    for key in ("\ud800", ("\ud800", 1), np.str_("\ud800")):
        with pytest.raises(errors.EncodingError, match="lone surrogate"):
            key_text(key)


def test_an_integer_that_prints_itself_otherwise_is_still_its_digits():
    """A subclass of int has the text of its number."""

    class Loud(int):
        def __repr__(self):
            return "LOUD"

        __str__ = __format__ = __repr__

    assert key_text(Loud(7)) == "7"
    assert key_text(Loud(2**80)) == str(2**80)


def test_no_key_is_no_variant():
    """None has no text, no bucket and no variant; in a batch it is -1."""
    routing = Routing("seed", HALVES, {})
    assert key_text(None) is bucket("seed", None) is routing.assign(None) is None
    assert routing.assign_many([None, "a"]).tolist() == [-1, 0]


def test_forced_keys_have_their_variant_whatever_type_they_come_in():
    """What is forced is the text: 7, "7" and NumPy's 7 are one key, and nobody else is concerned."""
    free, forced = Routing("seed", HALVES, {}), Routing("seed", HALVES, MappingProxyType({"7": 0, "1|a": 1}))
    assert free.assign(7) == 1
    assert [forced.assign(key) for key in (7, "7", np.int64(7), (1, "a"))] == [0, 0, 0, 1]
    assert forced.assign_many(np.array([7, 8])).tolist() == [0, free.assign(8)]
    assert [forced.assign(key) for key in range(8, 500)] == [free.assign(key) for key in range(8, 500)]


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "uint32", ">i4", "int64", "uint64", "object", "str"])
def test_arrays_are_assigned_as_lists_are(dtype):
    """An array of integers of any size, of objects or of text gives what its elements give one by one."""
    routing, keys = Routing("seed", HALVES, {}), np.arange(120).astype(dtype)
    variants = routing.assign_many(keys)
    assert variants.dtype == np.int16
    assert variants.tolist() == [routing.assign(key) for key in range(120)]
    assert routing.assign_many(keys[::-3]).tolist() == variants[::-3].tolist()


def test_a_large_array_is_assigned_as_a_small_one_is():
    """Above the size at which the interpreter is released, the variants are the same."""
    routing, keys = Routing("seed", HALVES, {"7": 0}), np.arange(30_000)
    assert routing.assign_many(keys).tolist() == routing.assign_many(keys.tolist()).tolist()


def test_integers_beyond_int64_are_not_wrapped():
    """uint64 above 2^63 is its own number, not a negative one."""
    routing, key = Routing("seed", [[(n * 100, n * 100 + 100)] for n in range(100)], {}), 2**64 - 1
    assert bucket("seed", key) // 100 != bucket("seed", -1) // 100
    assert routing.assign_many(np.array([key], dtype=np.uint64)).tolist() == [bucket("seed", key) // 100]


@pytest.mark.parametrize("keys", [[], (), np.array([], dtype=np.int64), pd.Series([], dtype="int64")])
def test_no_keys_give_an_empty_array(keys):
    """An empty batch is an empty array of int16."""
    variants = Routing("", HALVES, {}).assign_many(keys)
    assert variants.shape == (0,)
    assert variants.dtype == np.int16


def test_a_bad_key_of_a_batch_is_named_by_its_row():
    """The error says which key it was, counted from 0."""
    with pytest.raises(errors.EncodingError, match=r"Key, row 2: a value of type float cannot be a key\.") as caught:
        Routing("", HALVES, {}).assign_many([1, None, 2.5, True])
    assert dict(caught.value.context) == {"row": 2, "type": "float"}


@pytest.mark.parametrize("keys", ["abc", b"abc", {1: 2}, {1, 2}])
def test_a_single_key_or_a_set_is_no_batch(keys):
    """Text is one key and not its letters, and what has no order has no rows."""
    with pytest.raises(errors.EncodingError, match="where a sequence of keys is expected"):
        Routing("", HALVES, {}).assign_many(keys)


@pytest.mark.parametrize("case", REFERENCE["counts"], ids=lambda case: str(case["weights"]))
def test_counts_are_the_frozen_ones(case):
    """Largest remainder, of equal ones the first."""
    assert largest_remainder(case["weights"]) == case["counts"]


@pytest.mark.parametrize("case", REFERENCE["allocations"], ids=lambda case: str(case["counts"]))
def test_ranges_are_the_frozen_ones(case):
    """A change of counts leads to the ranges it always led to."""
    old, new = ([[tuple(pair) for pair in pairs] for pairs in case[name]] for name in ("old", "new"))
    assert reallocate(old, case["counts"]) == new


@pytest.mark.parametrize("weights", [[], [0.5], [0.5, 0.6], [1.5, -0.5], [float("nan"), 1.0], [float("inf")]])
def test_weights_that_are_none_are_refused(weights):
    """Weights that do not sum to 1 never become counts."""
    with pytest.raises(errors.ExperimentError, match="sum to 1"):
        largest_remainder(weights)


@pytest.mark.parametrize("ranges", [[], [[(0, 9_999)]], [[(0, 5_001)], [(5_000, 10_000)]], [[(0, 10_001)]], [[(0, 10_000), (3, 3)]]])
def test_damaged_ranges_are_refused(ranges):
    """Ranges that leave a bucket out or give it twice are an error where they are read, never an assignment."""
    with pytest.raises(errors.ArtifactError, match="ranges of the experiment are damaged"):
        Routing("seed", ranges, {})
    with pytest.raises(errors.ArtifactError, match="ranges of the experiment are damaged"):
        reallocate(ranges, [10_000])


def test_a_forced_variant_that_does_not_exist_is_refused():
    """A forced key names one of the variants."""
    with pytest.raises(errors.ArtifactError, match="a key is given a variant that does not exist"):
        Routing("seed", HALVES, {"7": 2})


def test_what_interrupts_the_reading_of_a_key_is_raised_as_it_came():
    """Ctrl-C inside a key's own code is no encoding error."""

    class Odd(dt.tzinfo):
        def utcoffset(self, when):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        key_text(dt.datetime(2024, 1, 1, tzinfo=Odd()))


def test_threads_that_share_a_routing_get_what_one_thread_gets():
    """Eight threads over one Routing agree on every key."""
    routing, keys, found = Routing("seed", HALVES, {"7": 0}), list(range(2_000)), []
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        threads = [threading.Thread(target=lambda: found.append([routing.assign(key) for key in keys])) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert found == [routing.assign_many(keys).tolist()] * 8
