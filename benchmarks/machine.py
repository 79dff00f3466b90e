"""What the figures were measured on, without names of hosts or people."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import resource
from pathlib import Path

PACKAGES = (
    "numpy",
    "openvino",
    "duckdb",
    "faiss-cpu",
    "lightgbm",
    "semhash",
    "model2vec",
    "usearch",
    "rensa",
    "sentence-transformers",
    "torch",
)


def peak_mb() -> int:
    """The most memory this process held (``ru_maxrss`` would count its parent too)."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().split("VmHWM:")[1].split()[0]) // 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def describe() -> dict[str, object]:
    """Processor, cores, memory, system, Python, libraries, and the load while this was called (other work makes wall times longer)."""
    found: dict[str, str] = {}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {
        "processor": processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "python": platform.python_version(),
        "packages": found,
        "load_1_min": round(os.getloadavg()[0], 1),
    }


def processor() -> str:
    """The model's name and the vector instructions that matter here."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    named = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    flags = named.get("flags", "").split()
    wanted = [flag for flag in ("avx2", "avx512f", "avx512_vnni", "amx_int8") if flag in flags]
    return f"{named.get('model name', 'unknown')} ({', '.join(wanted)})"
