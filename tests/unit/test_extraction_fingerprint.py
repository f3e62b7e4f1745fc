from __future__ import annotations

import functools
import itertools
import subprocess
import sys
from dataclasses import replace
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from prisml.definition.define import define_model
from prisml.definition.features import Feature, Resolver, related, resolver
from prisml.definition.transforms import days_since, hours_since
from prisml.errors import DefinitionError
from prisml.extraction.fingerprint import columns_fingerprint, resolver_fingerprint
from tests.support.customers import Account, Customer

_numbers = itertools.count()


@pytest.fixture
def load(tmp_path):
    """Imports a module with this source from a file of its own, always under the same name."""

    def loaded(source):
        path = tmp_path / f"version_{next(_numbers)}" / "features.py"
        path.parent.mkdir()
        path.write_text(source, encoding="utf-8")
        spec = spec_from_file_location("features", path)
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return loaded


def _of(fn, **options):
    return resolver_fingerprint(resolver(fn, **{"type": float, "uses": [Customer.age], **options}))


PLAIN = "def fn(row):\n    return row.age * 2\n"

SAME = {
    "comments": "# first\ndef fn(row):  # second\n    # third\n    return row.age * 2\n",
    "formatting": "def fn(\n    row,\n):\n\n    return (\n        row.age\n        * 2\n    )\n",
    "place": "import os\n\n\nif True:\n    def fn(row):\n        return row.age * 2\n",
    "docstring": 'def fn(row):\n    """Twice the age."""\n    return row.age * 2\n',
    "annotations": "def fn(row: object) -> float:\n    return row.age * 2\n",
    "a global of an attribute's name": "age = 5\ndef fn(row):\n    return row.age * 2\n",
    "another function": "def other(row):\n    return 3\ndef fn(row):\n    return row.age * 2\n",
}

OTHER = {
    "a constant": "def fn(row):\n    return row.age * 3\n",
    "a constant's type": "def fn(row):\n    return row.age * 2.0\n",
    "an attribute": "def fn(row):\n    return row.spent * 2\n",
    "an operator": "def fn(row):\n    return row.age + 2\n",
    "a statement": "def fn(row):\n    print()\n    return row.age * 2\n",
    "a default": "def fn(row, x=1):\n    return row.age * 2\n",
    "a decorator": "def plain(f):\n    return f\n@plain\ndef fn(row):\n    return row.age * 2\n",
}


@pytest.mark.parametrize("change", SAME)
def test_what_does_not_compute_does_not_count(load, change):
    """Comments, formatting, place in the file, docstrings, annotations and unrelated names leave the fingerprint as it is."""
    assert _of(load(SAME[change]).fn) == _of(load(PLAIN).fn)


@pytest.mark.parametrize("change", OTHER)
def test_what_computes_counts(load, change):
    """A change of the code changes the fingerprint."""
    assert _of(load(OTHER[change]).fn) != _of(load(PLAIN).fn)


@pytest.mark.parametrize(
    ("source", "before", "after"),
    [
        ("LIMIT = {}\ndef fn(row):\n    return row.age > LIMIT\n", "3", "4"),
        ("LIMIT = {}\ndef fn(row):\n    return row.age > LIMIT\n", "1", "True"),
        ("NAMES = {}\ndef fn(row):\n    return NAMES[row.age]\n", "{1: 'a'}", "{1: 'b'}"),
        ("NAMES = {}\ndef fn(row):\n    return row.age in NAMES\n", "frozenset({1, 2})", "frozenset({1, 3})"),
        ("import re\nP = re.compile({})\ndef fn(row):\n    return bool(P.match(row.email))\n", "'a'", "'b'"),
        ("import re\nP = re.compile('a', {})\ndef fn(row):\n    return bool(P.match(row.email))\n", "0", "re.I"),
        ("def helper(x):\n    return x + {}\ndef fn(row):\n    return helper(row.age)\n", "1", "2"),
        ("def deep(x):\n    return x + {}\ndef helper(x):\n    return deep(x)\ndef fn(row):\n    return helper(row.age)\n", "1", "2"),
        ("def helper(x):\n    return x + {}\ndef fn(row):\n    return [helper(x) for x in row.age]\n", "1", "2"),
        ("import functools\n@functools.cache\ndef helper(x):\n    return x + {}\ndef fn(row):\n    return helper(row.age)\n", "1", "2"),
        ("def make(limit):\n    return lambda row: row.age > limit\nfn = make({})\n", "3", "4"),
        ("def make(limit):\n    return lambda row: row.age > limit\nfn = make({})\n", "(1, 'a')", "(1, 'b')"),
        ("def make(f):\n    return lambda row: f(row.age)\nfn = make({})\n", "lambda x: x", "lambda x: -x"),
        ("LIMIT = {}\ndef fn(row, limit=LIMIT):\n    return row.age > limit\n", "3", "4"),
        ("LIMIT = {}\ndef fn(row, *, limit=LIMIT):\n    return row.age > limit\n", "3", "4"),
        ("import enum\nclass E(enum.Enum):\n    A = {}\ndef fn(row):\n    return row.age == E.A.value\n", "1", "2"),
        ("import math, statistics\ndef fn(row):\n    return {}.log(row.age)\n", "math", "statistics"),
        ("from operator import add, sub\nf = {}\ndef fn(row):\n    return f(row.age, 1)\n", "add", "sub"),
    ],
)
def test_what_the_code_takes_from_around_it_counts(load, source, before, after):
    """Constants, helpers of the module with what they call, closures, defaults and Enum values are a part of the code."""
    one, same, other = (load(source.replace("{}", value, 1)).fn for value in (before, before, after))
    assert _of(one) == _of(same) != _of(other)


def test_a_set_has_one_fingerprint_in_every_process(load, tmp_path):
    """Sets of text, whose order differs from process to process, have the same fingerprint in all of them."""
    load("NAMES = {'a', 'b', 'c', 'd', 'e', 'f'}\nfn = lambda row: row.email in NAMES\n")
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); import features; from tests.support.customers import Customer\n"
        "from prisml.definition.features import resolver; from prisml.extraction.fingerprint import resolver_fingerprint\n"
        "print(resolver_fingerprint(resolver(features.fn, type=bool, uses=[Customer.email])))\n"
    )
    folder = next(tmp_path.glob("version_*"))
    found = {
        subprocess.run(
            [sys.executable, "-c", program, str(folder)],
            env={"PYTHONHASHSEED": str(seed), "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in (1, 2, 3)
    }
    assert len(found) == 1


LINES = {
    "one line": ("fns = [lambda c: c.a, lambda c: c.b, lambda c: c.a + 1]\n", "abc"),
    "a call": ("fns = list(map(lambda f: f, (lambda c: c.x, lambda c: c.y)))\n", "xy"),
    "nested": ("fns = [lambda c: (lambda d: d.x)(c), (lambda: lambda c: c.y)()]\n", "xy"),
    "inside each other": ("outer = lambda c: lambda d: d.x + c; fns = [outer, outer(1)]\n", "oi"),
    "defaults": ("fns = [lambda c, f=lambda d: d.x: f(c), lambda c, f=lambda d: d.y: f(c)]\n", "xy"),
    "many lines": ("fns = [lambda c: (c.a\n + 1), lambda c: (c.b\n + 1),\n lambda c: c.c]\n", "abc"),
    "text beyond ASCII": ("fns = ['äöü€😀', lambda c: c.a + 'é', lambda c: c.b + 'é'][1:]\n", "ab"),
    "conditions": ("fns = [lambda c: c.a if c.b else c.c, lambda c: c.a if c.c else c.b]\n", "ab"),
    "constants": ("fns = [lambda c: 1, lambda c: True, lambda c: 1.0]\n", "123"),
    "closures": ("def make(n): return [lambda c: c.a + n, lambda c: c.b + n]\nfns = make(1)\n", "ab"),
}


@pytest.mark.parametrize("case", LINES)
def test_each_lambda_has_its_own_source(load, case):
    """Several lambdas that begin on one line have fingerprints of their own, equal to that of the same lambda alone."""
    source, names = LINES[case]
    fns = load(source).fns
    prints = [_of(fn) for fn in fns]
    assert len(set(prints)) == len(names)
    if case in ("one line", "constants"):
        parts = source[len("fns = [") : -2].split(", ")
        assert prints == [_of(load(f"fn = {part}\n").fn) for part in parts]


def test_lambdas_are_told_apart_without_columns(tmp_path):
    """A Python that keeps no columns (``-X no_debug_ranges``) finds the same lambdas, by the instructions they compile to."""
    for number, (source, _) in enumerate(LINES.values()):
        (tmp_path / f"lines_{number}.py").write_text(source, encoding="utf-8")
    program = (
        "import importlib, sys; sys.path.insert(0, sys.argv[1])\n"
        "from prisml.extraction.functions import describe_function\n"
        "for number in range(int(sys.argv[2])):\n"
        "    print([describe_function(fn) for fn in importlib.import_module(f'lines_{number}').fns])\n"
    )
    with_columns, without = (
        subprocess.run(
            [sys.executable, *flags, "-B", "-c", program, str(tmp_path), str(len(LINES))],
            env={"PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for flags in ([], ["-X", "no_debug_ranges"])
    )
    assert with_columns == without
    assert len(with_columns.splitlines()) == len(LINES)


def test_a_source_that_is_gone_needs_a_version(load):
    """A function whose file was deleted has no fingerprint."""
    module = load(PLAIN)
    Path(module.__file__).unlink()
    with pytest.raises(DefinitionError, match="its source cannot be found"):
        _of(module.fn)


def test_a_source_that_changed_since_needs_a_version(load):
    """A function whose file no longer holds it where it was imported from has no fingerprint."""
    module = load(PLAIN)
    Path(module.__file__).write_text("# moved\n\n\n" + PLAIN, encoding="utf-8")
    with pytest.raises(DefinitionError, match="not what was imported"):
        _of(module.fn)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (PLAIN, "def fn(row):\n    return row.age * 3\n"),
        (PLAIN, "def fn(row):\n    return row.spent * 2\n"),
        ("fn = lambda row: row.age\n", "fn = lambda row: -row.age\n"),
        ("fn = lambda row: row.age in {'a', 'b'}\n", "fn = lambda row: row.age in {'a', 'c'}\n"),
        ("fn = lambda row: [x for x in row.age]\n", "fn = lambda row: [-x for x in row.age]\n"),
    ],
)
def test_a_source_that_changed_in_its_place_needs_a_version(load, before, after):
    """A function whose file was edited after the import, on the same line, is not described by what the file says now."""
    module = load(before)
    Path(module.__file__).write_text(after, encoding="utf-8")
    with pytest.raises(DefinitionError, match="not what was imported"):
        _of(module.fn)


@pytest.mark.parametrize(
    "source",
    [
        "from __future__ import annotations\ndef fn(row: int) -> float:\n    def inner(x: int):\n        pass\n    return inner(1)\n",
        "def same(f):\n    return f\n@same\n@same\ndef fn(row):\n    return row.age\n",
        "def same(f):\n    return f\n@(lambda f: f)\n@same\ndef fn(row):\n    return row.age\n",
        "class A:\n    def fn(row):\n        return row.__age\nfn = A.fn\n",
        "def fn(row):\n    'Says.'\n    return row.email in {'a', 'b', 'c', 'd', 'e', 'f', 'g'} or row.email in (1, (2.0, True))\n",
        "def fn(row, *, a=lambda x: x):\n    try:\n        return a(row.age)\n    except* ValueError:\n        pass\n",
    ],
)
def test_unchanged_code_of_any_form_is_recognised(load, tmp_path, source):
    """Decorators, annotations, sets, docstrings and private names do not make imported code look like other code, cached or not."""
    assert len(_of(load(source).fn)) == 64
    program = (
        "import sys; sys.path.insert(0, sys.argv[1])\nimport features\n"
        "from prisml.extraction.functions import describe_function\ndescribe_function(features.fn)\n"
    )
    folder = next(tmp_path.glob("version_*"))
    for seed in ("1", "2"):
        environment = {"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)}
        subprocess.run([sys.executable, "-c", program, str(folder)], env=environment, check=True)


def test_functions_that_call_each_other_have_a_fingerprint(load):
    """Recursion, direct or over a helper, ends, and a change anywhere in the circle counts."""
    source = "def fn(row):\n    return 0 if row is None else helper(row)\ndef helper(row):\n    return fn(None) + {}\n"
    assert _of(load(source.format(1)).fn) == _of(load(source.format(1)).fn) != _of(load(source.format(2)).fn)


def test_code_of_another_module_counts_by_name(load):
    """A function imported from elsewhere counts by its name: its code is not followed."""
    first, other = (
        "from {} import {} as helper\ndef fn(row):\n    return helper(row.age)\n".format(*pair)
        for pair in (("math", "log"), ("math", "exp"))
    )
    assert _of(load(first).fn) == _of(load(first).fn) != _of(load(other).fn)


class Callable:
    def __call__(self, row):
        return 1.0

    def method(self, row):
        return 1.0


def _over(thing):
    return lambda row: row.age + thing.value


@pytest.mark.parametrize(
    ("fn", "reason"),
    [
        (functools.partial(max, 1), "it is a partial"),
        (Callable(), "it is a Callable"),
        (Callable().method, "it is a method"),
        (len, "it is a builtin_function_or_method"),
        (_over(Callable()), "the variable 'thing' holds a Callable"),
        (lambda row, thing=Callable(): 1.0, "a default holds a Callable"),  # noqa: B008
    ],
)
def test_code_without_a_fingerprint_needs_a_version(fn, reason):
    """Where the source or a value cannot be compared, the error says why, and ``version=`` is the way out."""
    spec = Resolver(fn, float, (Customer.age,))
    with pytest.raises(DefinitionError, match=reason) as caught:
        resolver_fingerprint(spec)
    assert "version=" in str(caught.value)
    assert len(resolver_fingerprint(replace(spec, version="1"))) == 64


def test_a_version_stands_for_the_code():
    """With ``version=`` the code does not count, and the version does."""
    assert _of(lambda c: 1, version="1") == _of(lambda c: 2, version="1") != _of(lambda c: 1, version="2")


def test_type_and_columns_count():
    """The declared type and the columns used are a part of the fingerprint, the order of the columns is not."""
    fn = _over(1)
    assert _of(fn) != _of(fn, type=int)
    assert _of(fn) != _of(fn, uses=[Customer.spent])
    assert _of(fn, uses=[Customer.age, Customer.spent]) == _of(fn, uses=[Customer.spent, Customer.age])


def _columns(**features):
    return columns_fingerprint(define_model(Customer, output="risk", label=Customer.churned, features=features))


def test_columns_read_have_a_fingerprint():
    """What is read, by which name, type, relationship and transform counts; rules that training fits do not."""
    base = _columns(age=Customer.age)
    assert base == _columns(age=Feature(Customer.age, missing="median", stable=True))
    others = {
        _columns(years=Customer.age),
        _columns(age=Customer.spent),
        _columns(age=Feature(Customer.age, categorical=True)),
        _columns(age=Customer.age, spent=Customer.spent),
        _columns(spent=Customer.spent, age=Customer.age),
        _columns(age=days_since(Customer.joined_at)),
        _columns(age=hours_since(Customer.joined_at)),
        _columns(age=related(Customer.account, Account.balance)),
        _columns(age=related(Customer.payer, Account.balance)),
    }
    assert len(others) == 9
    assert base not in others
