"""A curve with fewer points that looks the same."""

from __future__ import annotations

import heapq

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def corners(x: Floats, y: Floats, most: int) -> NDArray[np.intp]:
    """The places of at most ``most`` points, ends among them: those without which the polyline would move the most.

    Points on the line between those that stay are left out. Ramer, Computer Graphics and Image Processing 1 (1972), the farthest first.
    """
    kept = [0, len(x) - 1] if len(x) > 1 else [0]
    waiting = [_farthest(x, y, 0, len(x) - 1)]
    while waiting and len(kept) < most:
        distance, place, start, end = heapq.heappop(waiting)
        if -distance <= 1e-12:
            break
        kept.append(place)
        heapq.heappush(waiting, _farthest(x, y, start, place))
        heapq.heappush(waiting, _farthest(x, y, place, end))
    return np.array(sorted(set(kept)), dtype=np.intp)


def _farthest(x: Floats, y: Floats, start: int, end: int) -> tuple[float, int, int, int]:
    """How far, negated, the farthest point between two is from the line through them, and which it is."""
    if end - start < 2:
        return 0.0, start, start, end
    right, up = x[end] - x[start], y[end] - y[start]
    length = float(np.hypot(right, up)) or 1.0
    away = np.abs(right * (y[start + 1 : end] - y[start]) - up * (x[start + 1 : end] - x[start])) / length
    place = int(away.argmax())
    return -float(away[place]), start + 1 + place, start, end
