"""What libsvm makes of the probability of one class against another.

Of any number of classes it looks for probabilities that fit all pairs, after Wu, Lin and Weng (JMLR 5, 2004, method 2), until it is near
enough. For two classes the answer is known at once; libsvm looks for it all the same, stops within 0.005 of it, and that is what
scikit-learn gives.
"""

from __future__ import annotations

from prisml.training.export.dense.writer import Writer

_NEAR = 0.005 / 2
SWEEPS = 2
"""After so many, each probability from 1e-7 to 1 - 1e-7 is near enough."""


def couple(writer: Writer, first: str) -> str:
    """The probabilities of two classes, of shape (n, 2), from that of the ``first`` against the second, of shape (n, 1)."""
    # The matrix of the search has one direction of descent: (r, -q) for probabilities q and r that add up to 1.
    ends = writer.add("Sub", writer.doubles(1.0), first), writer.add("Neg", first)
    shares = (_same(writer, first, 0.5), _same(writer, first, 0.5))
    for _ in range(SWEEPS):
        slope = writer.add("Add", *(writer.add("Mul", end, share) for end, share in zip(ends, shares, strict=True)))
        errors = [writer.add("Abs", _apart(writer, end, slope)) for end in ends]
        is_near = writer.add("Less", writer.add("Max", *errors), writer.doubles(_NEAR))
        moved = _sweep(writer, ends, shares)
        shares = tuple(writer.add("Where", is_near, old, new) for old, new in zip(shares, moved, strict=True))  # type: ignore[assignment]
    return writer.beside(shares)


def _sweep(writer: Writer, ends: tuple[str, str], shares: tuple[str, str]) -> tuple[str, str]:
    """Each share moved to where the error is least, one after the other, so that both add up to 1 again."""
    for place in (0, 1):
        slope = writer.add("Add", *(writer.add("Mul", end, share) for end, share in zip(ends, shares, strict=True)))
        step = writer.add("Div", writer.add("Neg", _apart(writer, ends[place], slope)), writer.add("Mul", ends[place], ends[place]))
        total = writer.add("Add", writer.doubles(1.0), step)
        moved = writer.add("Div", writer.add("Add", shares[place], step), total)
        kept = writer.add("Div", shares[1 - place], total)
        shares = (moved, kept) if place == 0 else (kept, moved)
    return shares


def _apart(writer: Writer, end: str, slope: str) -> str:
    return writer.add("Sub", writer.add("Mul", end, slope), writer.add("Mul", slope, slope))


def _same(writer: Writer, like: str, number: float) -> str:
    """A column of ``number`` of the height of ``like``."""
    return writer.add("Add", writer.add("Mul", like, writer.doubles(0.0)), writer.doubles(number))
