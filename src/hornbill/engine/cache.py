"""Compiled programs kept on disk, so that the second run of a script starts at once.

It is JAX's persistent compilation cache, switched on: a small CNN's first epoch took 3 s from the
cache and 7 s without, a ResNet-20's 4 s and 17 s (two cores, a tenth of the benchmark's data).
"""

import functools
import hashlib
import os
import platform
from pathlib import Path

import jax
from jax.experimental.compilation_cache import compilation_cache

LIMIT_BYTES = 2 * 2**30  # the programs used least recently go first
LEAST_SECONDS = 0.1  # what compiles faster is not worth a file


def folder() -> Path | None:
    """Where compiled programs are kept, None when they are not.

    `$HORNBILL_CACHE` names another folder, or says `off`; the default is the user's cache folder
    (`$XDG_CACHE_HOME` or `~/.cache`). Programs are made for one kind of processor, so each kind
    has a folder of its own inside.
    """
    chosen = os.environ.get("HORNBILL_CACHE", "")
    if chosen.lower() == "off":
        return None
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(chosen or os.path.join(home, "hornbill")) / "programs" / _machine()


@functools.cache
def switch_on() -> None:
    """Switches the cache on, once per process; what the user set in JAX wins."""
    if jax.config.jax_compilation_cache_dir or not jax.config.jax_enable_compilation_cache:
        return
    path = folder()
    try:
        if path is None:
            return
        path.mkdir(parents=True, exist_ok=True)
    except OSError:
        return  # a home that cannot be written costs the cache, not the training
    jax.config.update("jax_compilation_cache_dir", str(path))
    jax.config.update("jax_compilation_cache_max_size", LIMIT_BYTES)
    jax.config.update("jax_persistent_cache_min_compile_time_secs", LEAST_SECONDS)
    # JAX looks for the setting once, at its first compilation, which may have been earlier.
    compilation_cache.reset_cache()


def _machine() -> str:
    """A short name for this kind of processor: its instruction sets."""
    described = f"{platform.machine()} {platform.processor()}"
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    described += next((s for s in lines if s.startswith(("flags", "Features"))), "")
    return hashlib.sha256(described.encode()).hexdigest()[:16]
