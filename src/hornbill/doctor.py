"""`hornbill doctor`: what is installed, where it computes and how, and how fast."""

import importlib.metadata
import os
import platform
import time
from pathlib import Path

import jax
import numpy as np

from . import __version__, layers
from .engine import cache, compile, config, onednn
from .layers import Input
from .models import Sequential

NEEDED = ("jax", "jaxlib", "numpy", "scipy", "ml_dtypes", "h5py", "rich", "filelock")
EXTRAS = {
    "matplotlib": "plot",
    "pydot": "plot",
    "pillow": "images",
    "tensorboard": "tensorboard",
    "jax2onnx": "export",
    "tensorflow": None,
    "torch": None,
}
# Samples a second of the speed test, as in README.md ("Measured"), on two idle cores.
EXPECTED = {"cpu": 1_500_000}


def run() -> bool:
    """Prints all that there is to know. Returns whether all is well."""
    problems: list[str] = []
    for title, rows in (
        ("Versions", versions()),
        ("Devices", devices(problems)),
        ("Compiler options", compiler_options()),
        ("Cache of compiled programs", compiled_programs(problems)),
        ("Settings", settings()),
        ("Speed", speed(problems)),
    ):
        print(title)
        width = max(len(name) for name, _ in rows)
        for name, value in rows:
            print(f"  {name:<{width}}  {value}")
        print()
    print("\n".join(f"Problem: {one}" for one in problems) or "No problems found.")
    return not problems


def versions() -> list[tuple[str, str]]:
    """Hornbill's, Python's and those of the packages that it uses."""
    rows = [
        ("hornbill", f"{__version__} in {Path(__file__).parent}"),
        ("python", f"{platform.python_version()} on {platform.platform()}"),
    ]
    rows += [(name, _version(name) or "missing") for name in NEEDED]
    for name, extra in EXTRAS.items():
        how = f"pip install hornbill[{extra}]" if extra else "needed by nothing here"
        rows.append((name, _version(name) or f"not installed ({how})"))
    return rows


def devices(problems: list[str]) -> list[tuple[str, str]]:
    """Where JAX computes."""
    rows = [("processor", f"{os.cpu_count()} cores, {platform.machine()}")]
    for device in jax.devices():
        memory = (device.memory_stats() or {}).get("bytes_limit")
        amount = f", {memory / 2**30:.1f} GiB" if memory else ""
        rows.append((f"{device.platform}:{device.id}", f"{device.device_kind}{amount}"))
    if jax.default_backend() == "cpu" and os.path.exists("/dev/nvidia0"):
        problems.append(
            "There is an NVIDIA GPU, but JAX computes on the CPU: pip install 'jax[cuda13]' (or "
            "'jax[cuda12]' for an older driver)."
        )
    return rows


def compiler_options() -> list[tuple[str, str]]:
    """The options of this platform's programs, and those that this jaxlib does not know."""
    rows = []
    if compile.platform() == "cpu":
        for kind, wanted in {None: compile.CPU_OPTIONS, **compile.KIND_OPTIONS}.items():
            known, where = compile.options(kind), f" in {kind}" if kind else ""
            for name, value in wanted.items():
                missing = f"unknown to this jaxlib{where}: left out"
                rows.append((name, f"{value!r}{where}" if name in known else missing))
    flags = os.environ.get("XLA_FLAGS")
    rows.append(("convolutions, LSTM, attention", "oneDNN's" if onednn.available() else "XLA's"))
    return rows + [("XLA_FLAGS", flags or "not set")]


def compiled_programs(problems: list[str]) -> list[tuple[str, str]]:
    """Where compiled programs are kept, and how many there are."""
    cache.switch_on()
    path = jax.config.jax_compilation_cache_dir
    if not path or not jax.config.jax_enable_compilation_cache:
        folder = cache.folder()
        if folder is not None and jax.config.jax_enable_compilation_cache:
            problems.append(
                f"Compiled programs cannot be kept in {folder}: no right to write there. Set "
                "HORNBILL_CACHE to a folder that can be written, or to 'off'."
            )
        return [("folder", "none: every run compiles anew")]
    sizes = [f.stat().st_size for f in Path(path).rglob("*") if f.is_file()]
    limit = jax.config.jax_compilation_cache_max_size
    most = f"up to {limit / 2**20:.0f} MiB" if limit > 0 else "without a limit"
    return [
        ("folder", str(path)),
        ("holds", f"{len(sizes)} files, {sum(sizes) / 2**20:.1f} MiB, {most}"),
    ]


def settings() -> list[tuple[str, str]]:
    """The library's settings and the environment that it reads."""
    rows = [
        ("floatx", config.floatx()),
        ("image_data_format", config.image_data_format()),
        ("epsilon", f"{config.epsilon():g}"),
    ]
    for name in (
        "HORNBILL_CACHE",
        "HORNBILL_MEMORY",
        "HORNBILL_ONEDNN",
        "JAX_PLATFORMS",
        "JAX_ENABLE_X64",
    ):
        rows.append((name, os.environ.get(name, "not set")))
    return rows


def speed(problems: list[str], seconds: float = 1.0) -> list[tuple[str, str]]:
    """Trains a 20-64-10 perceptron in batches of 32 for about so long."""
    x = np.random.default_rng(0).normal(size=(32_768, 20)).astype("float32")
    y = (x[:, :10].argmax(axis=1)).astype("int32")
    hidden = layers.Dense(64, activation="relu")
    model = Sequential([Input((20,)), hidden, layers.Dense(10, activation="softmax")])
    model.compile("adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    began = time.perf_counter()
    first = model.fit(x, y, batch_size=32, epochs=1, verbose=0).history["loss"][-1]
    compiled = time.perf_counter() - began
    samples, began, last = 0, time.perf_counter(), first
    while time.perf_counter() - began < seconds:
        last = model.fit(x, y, batch_size=32, epochs=5, verbose=0).history["loss"][-1]
        samples += 5 * len(x)
    rate = samples / (time.perf_counter() - began)
    if not last < first:
        problems.append(f"Training did not learn: the loss went from {first} to {last}.")
    return [
        ("training", f"{rate / 1e6:.2f} million samples a second"),
        ("expected", _expected(rate)),
        ("first epoch", f"{compiled:.1f} s, with tracing and compiling"),
    ]


def _expected(rate: float) -> str:
    expected = EXPECTED.get(jax.default_backend())
    if expected is None:
        return "not measured for this platform"
    reached = f"{rate / expected:.0%} of it here"
    return f"{expected / 1e6:.1f} million on two idle cores; {reached}, less while others compute"


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
