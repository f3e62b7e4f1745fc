"""The machine: instructions, cores, and what a container leaves of them."""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Iterator
from pathlib import Path

from prisml.commands.doctor.finding import Finding, ok, skipped, warning

_AVX2 = frozenset({"avx2", "fma", "bmi1", "bmi2", "abm", "popcnt"})
_AVX512 = frozenset({"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"})
_X86 = frozenset({"x86_64", "amd64"})
_CGROUP = Path("/sys/fs/cgroup")
_THREADS = "OMP_NUM_THREADS"


def look_at_machine() -> Iterator[Finding]:
    """Findings of the processor, the cores, and forking."""
    yield _processor()
    yield _cores()
    if hasattr(os, "register_at_fork"):
        detail = "allowed: models loaded before a fork serve in the child, and each child follows the registry by itself"
        yield ok("machine.fork", "fork", detail)
    else:
        yield skipped("machine.fork", "fork", "this platform does not fork")


def _processor() -> Finding:
    if platform.machine().lower() not in _X86:
        return ok("machine.processor", "processor", f"{platform.machine()}: the instructions that every processor of its kind has")
    flags = _flags()
    if not flags:
        return ok("machine.processor", "processor", "x86-64; which instructions it has is seen when a model is loaded")
    level = "plain"
    if flags >= _AVX2:
        level = "avx512" if flags >= _AVX512 else "avx2"
    return ok("machine.processor", "processor", f"x86-64, {level}; none of these is needed, and the widest is used")


def _flags() -> frozenset[str]:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return frozenset()
    return next((frozenset(line.partition(":")[2].split()) for line in lines if line.startswith("flags")), frozenset())


def _cores() -> Finding:
    """Whether what counts cores by itself, as OpenMP does, counts those that this process may use."""
    there = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = cgroup_quota()
    usable = there if quota is None else min(there, max(1, math.floor(quota)))
    of_container = "" if quota is None else f", of which the control group allows {quota:g}"
    wanted = os.environ.get(_THREADS, "")
    said = f"; {_THREADS} is set" if wanted else ""
    detail = f'{there} to this process{of_container}; threads="auto" uses {usable}{said}'
    if usable < there and not wanted:
        return warning("machine.cores", "cores", f"{detail}; NumPy and scikit-learn start {there} threads", f"export {_THREADS}={usable}")
    if wanted and not (wanted.isascii() and wanted.isdigit() and int(wanted) > 0):
        return warning("machine.cores", "cores", f"{detail} to what is no number of threads", f"export {_THREADS}={usable}")
    return ok("machine.cores", "cores", detail)


def cgroup_quota(root: Path = _CGROUP) -> float | None:
    """How many cores the control group of this process allows at a time; None where it sets no limit."""
    try:
        if (root / "cpu.max").is_file():
            quota, period = (root / "cpu.max").read_text(encoding="ascii").split()[:2]
        else:
            quota = (root / "cpu" / "cpu.cfs_quota_us").read_text(encoding="ascii").strip()
            period = (root / "cpu" / "cpu.cfs_period_us").read_text(encoding="ascii").strip()
        return int(quota) / int(period) if quota not in ("max", "-1") else None
    except (OSError, ValueError, ZeroDivisionError):
        return None
