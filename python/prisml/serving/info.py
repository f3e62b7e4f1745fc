"""What answers: which scorer each version has in this process, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Info:
    """What answers for a version in this process.

    ``scorer`` is ``"native"`` where PrisML evaluates the graph itself, ``"onnxruntime"`` where ONNX Runtime runs it. ``reason`` says what
    the native plan consists of, or why there is none. ``instructions`` are the widest that the native scorer uses (``"avx512"``,
    ``"avx2"``, ``"plain"``); None for ONNX Runtime, which chooses its own. ``bytes`` is about what the loaded model holds in memory.
    ``inputs`` are the names of the features, in the order of the encoded matrix. ``variants`` are the versions that a running
    experiment serves beside this one.
    """

    name: str
    version: int | None
    digest: str
    scorer: Literal["native", "onnxruntime"]
    reason: str
    instructions: str | None
    bytes: int
    inputs: tuple[str, ...]
    variants: tuple[Info, ...] = ()
