"""How versions are scored in this process and what is allowed at most, as the environment says."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal

from prisml.errors import ConfigurationError

Simd = Literal["plain", "avx2", "avx512"]
_SIMD: tuple[Simd, ...] = ("plain", "avx2", "avx512")
_MIB = 2**20


@dataclass(frozen=True)
class Settings:
    """What holds for a version from the moment that it is loaded.

    ``native`` is whether the native scorer may answer; ``simd`` the widest instructions that it may use, None for all that the processor
    has. A graph larger than ``model_bytes`` is not loaded, a batch of more than ``batch_rows`` not predicted. Of models that nothing
    uses, ``cache_models`` with ``cache_bytes`` together are kept at most.
    """

    native: bool = True
    simd: Simd | None = None
    model_bytes: int = 512 * _MIB
    batch_rows: int = 10_000_000
    cache_models: int = 16
    cache_bytes: int = 1024 * _MIB

    @classmethod
    def read(cls) -> Settings:
        """The settings of the environment; ``ConfigurationError`` names the variable whose value cannot be one."""
        return cls(
            native=_native(),
            simd=_simd(),
            model_bytes=_count("PRISML_MODEL_BYTES", cls.model_bytes),
            batch_rows=_count("PRISML_BATCH_ROWS", cls.batch_rows),
            cache_models=_count("PRISML_CACHE_MODELS", cls.cache_models),
            cache_bytes=_count("PRISML_CACHE_BYTES", cls.cache_bytes),
        )


def _native() -> bool:
    scorer = os.environ.get("PRISML_SCORER", "")
    if scorer not in ("", "auto", "onnx"):
        raise _wrong("PRISML_SCORER", 'Set it to "onnx" to have ONNX Runtime answer, or to "auto", which is as good as not at all.')
    return scorer != "onnx"


def _simd() -> Simd | None:
    wanted = os.environ.get("PRISML_SIMD", "")
    found = next((name for name in _SIMD if name == wanted), None)
    if found is None and wanted:
        raise _wrong("PRISML_SIMD", f"Set it to one of {', '.join(_SIMD)}; leave it out for the widest that this processor has.")
    return found


def _count(variable: str, default: int) -> int:
    text = os.environ.get(variable, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 2**63):
        raise _wrong(variable, f"Set it to a whole number above 0, or leave it out for {default:,}.")
    return int(text)


def _wrong(variable: str, hint: str) -> ConfigurationError:
    return ConfigurationError(f"{variable} in the environment has a value that it cannot have.", {"variable": variable}, [hint])
