"""UUIDs as categories: one category for each, however it is written."""

from __future__ import annotations

import json
import uuid
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prisml._core import Encoder
from prisml.errors import ArtifactError, EncodingError
from tests.support.encoding import encoded, transform
from tests.support.tables import CODES, model_of, source, table_of

KNOWN = uuid.UUID("f81d4fae-7dec-11d0-a765-00a0c91e6bf6")
OTHER = uuid.UUID(int=11)


def tenant(*categories: str) -> dict[str, Any]:
    """An input that is a UUID."""
    return {"name": "tenant", "dtype": "uuid", **CODES, "categories": categories, "sources": [source("uuid", "tenant")]}


class Foreign(uuid.UUID):
    """A driver's own kind of UUID, as asyncpg has one."""


WAYS = [
    lambda value: value,
    lambda value: Foreign(int=value.int),
    str,
    lambda value: str(value).upper(),
    lambda value: value.hex,
    lambda value: value.hex.upper(),
    lambda value: value.urn,
    lambda value: f"{{{value}}}",
]


@given(st.lists(st.none() | st.tuples(st.uuids(), st.sampled_from(WAYS)), max_size=30))
def test_every_way_to_write_a_uuid_is_one_category(drawn: list[tuple[uuid.UUID, Any] | None]) -> None:
    """What training sees are Python's canonical texts, in the order of appearance, whether objects came or texts of any form."""
    encoder, out = Encoder(json.dumps([tenant()])), np.empty((len(drawn), 1), dtype=np.float32)
    encoder.encode([(None if item is None else item[1](item[0]),) for item in drawn], out, as_of=0)
    texts = [None if item is None else str(item[0]) for item in drawn]
    known = list(dict.fromkeys(text for text in texts if text is not None))
    assert encoder.categories() == [known]
    assert out[:, 0].tolist() == [-1.0 if text is None else known.index(text) for text in texts]


@given(st.from_regex(r"\A(urn:)?(uuid:)?\{?[0-9a-fA-F-]{30,36}\}?\Z") | st.text(max_size=40))
def test_a_text_is_read_as_python_reads_it(text: str) -> None:
    """What Python refuses is refused, and what is taken is the UUID that Python makes of it."""
    encoder, out = Encoder(json.dumps([tenant()])), np.empty((1, 1), dtype=np.float32)
    try:
        expected = str(uuid.UUID(text))
    except ValueError:
        with pytest.raises(EncodingError):
            encoder.encode([(text,)], out, as_of=0)
    else:
        encoder.encode([(text,)], out, as_of=0)
        assert encoder.categories() == [[expected]]


@pytest.mark.parametrize("value", ["secret", KNOWN.hex[1:], KNOWN.hex + "0", "", 7, KNOWN.bytes, 1.5, True])
def test_what_is_no_uuid_is_an_error_that_shows_nothing_of_it(value: object) -> None:
    """A text of other digits, or a value of another type, is refused by its type."""
    model = model_of([tenant(str(KNOWN))], "uuid-errors")
    with pytest.raises(EncodingError, match="where a UUID or its 32 hexadecimal digits is expected") as raised:
        model.predict_one({"tenant": value})
    assert raised.value.context["type"] == type(value).__name__
    assert str(value) not in str(raised.value) or not value


def test_rows_meet_the_categories_of_a_version() -> None:
    """Objects and texts of every form have the code of their category; another UUID is unseen, and None is missing."""
    model = model_of([tenant(str(KNOWN))], "uuid-rows")
    rows = [{"tenant": way(KNOWN)} for way in WAYS] + [{"tenant": OTHER}, {"tenant": str(OTHER)}, {"tenant": None}]
    assert model.encode(rows)[:, 0].tolist() == [0.0] * len(WAYS) + [4.0, 4.0, 3.0]
    assert model.predict_many(rows)[2] == {"tenant": 2}


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string())], ids=str)
def test_columns_of_text_are_uuids(kind: pa.DataType) -> None:
    """A column of texts of any form gives what its rows give."""
    texts = [str(KNOWN), KNOWN.hex, str(OTHER).upper(), None, str(KNOWN).upper()]
    model = model_of([tenant(str(KNOWN))], "uuid-columns")
    found = model.encode_columns(table_of(pa.table({"tenant": pa.array(texts, kind)})))
    assert found[:, 0].tolist() == [0.0, 0.0, 4.0, 3.0, 0.0]
    with pytest.raises(EncodingError, match="where a UUID"):
        model.encode_columns(table_of(pa.table({"tenant": pa.array(["x"], kind)})))


BYTES = pa.array([KNOWN.bytes, OTHER.bytes, None], pa.binary(16))


@pytest.mark.parametrize("array", [pa.ExtensionArray.from_storage(pa.uuid(), BYTES), BYTES, BYTES.dictionary_encode()])
def test_columns_of_16_bytes_are_uuids(array: pa.Array) -> None:
    """Arrow's own UUIDs, and its bytes, are those of the UUID."""
    model = model_of([tenant(str(KNOWN))], "uuid-columns")
    assert model.encode_columns(table_of(pa.table({"tenant": array})))[:, 0].tolist() == [0.0, 4.0, 3.0]


def test_bytes_are_a_uuid_only_where_one_is_read() -> None:
    """A column of 16 bytes is refused where text is expected, by its own type."""
    model = model_of([{**tenant("x"), "dtype": "str", "sources": [source("str", "tenant")]}], "uuid-text")
    with pytest.raises(EncodingError, match=r"FixedSizeBinary\(16\) where a str"):
        model.encode_columns(table_of(pa.table({"tenant": pa.array([KNOWN.bytes], pa.binary(16))})))
    with pytest.raises(EncodingError, match="a value of type UUID where a str"):
        model.encode([{"tenant": KNOWN}])


def test_is_missing_alone_is_computed_from_a_uuid() -> None:
    """Whether there is a UUID is a number; its length, or anything else of it, is not."""
    assert encoded([transform("is_missing", "uuid")], [(KNOWN,), (str(KNOWN),), (None,)])[:, 0].tolist() == [0.0, 0.0, 1.0]
    with pytest.raises(EncodingError, match="where a UUID"):
        encoded([transform("is_missing", "uuid")], [("x",)])
    for op in ("length", "log1p", "days_since"):
        with pytest.raises(ArtifactError, match="has sources that do not fit"):
            encoded([transform(op, "uuid")], [])


def test_a_category_that_no_uuid_would_meet_is_refused() -> None:
    """A stored category in another form than the canonical one is a damaged contract."""
    with pytest.raises(ArtifactError, match="'tenant' has category codes"):
        Encoder(json.dumps([tenant(str(KNOWN).upper())]))
