"""Time and memory of `load_model`, on Hornbill and on Keras (JAX), side by side.

    python benchmarks/loading.py                    # 100 MB of weights
    python benchmarks/loading.py --mb 20 --rounds 3

Both open the same file, which Keras wrote. Every load is a process of its own; rounds are
interleaved; the table shows medians. Memory is the peak of resident memory during the load over
what was resident after the imports and one small computation, as a multiple of the file's size.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LAYERS = 10
LIBRARIES = ("hornbill", "keras")
# name: (what the file holds, whether the model is compiled)
CASES = {"weights": False, "weights and Adam's state": True}


def make(path: str, mb: float, compiled: bool) -> None:
    """Writes a model whose weights take `mb` million bytes."""
    import keras
    import numpy as np

    width = int((mb * 1e6 / 4 / LAYERS) ** 0.5)
    layers = [keras.layers.Dense(width) for _ in range(LAYERS)]
    model = keras.Sequential([keras.Input((width,)), *layers])
    if compiled:
        model.compile("adam", "mse")
        model.optimizer.build(model.trainable_variables)
    rng = np.random.default_rng(0)
    for variable in model.trainable_variables:
        variable.assign(rng.normal(size=variable.shape).astype("float32"))
    model.save(path)


def load(library: str, path: str) -> dict:
    """Seconds and peak bytes of one load, in this process."""
    import jax
    import numpy as np

    module = __import__(library)
    module.ops.add(np.ones(3), 1)
    load_model = module.saving.load_model
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")  # the peak starts again from here
    before, start = resident("VmRSS"), time.perf_counter()
    model = load_model(path)
    jax.block_until_ready([v.value for v in model.variables])
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "bytes": resident("VmHWM") - before, "count": len(model.weights)}


def resident(key: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{key}:"))


def child(*arguments) -> str:
    command = [sys.executable, __file__, *map(str, arguments)]
    environment = {**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, check=True
    ).stdout


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--mb", type=float, default=100, help="size of the weights")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--load", nargs=2, metavar=("LIBRARY", "PATH"), help=argparse.SUPPRESS)
    parser.add_argument("--make", nargs=2, metavar=("PATH", "COMPILED"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.load:
        print(json.dumps(load(*args.load)))
        return
    if args.make:
        make(args.make[0], args.mb, args.make[1] == "True")
        return
    print("| file | library | seconds | peak memory / file |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for name, compiled in CASES.items():
            path = os.path.join(folder, "model.keras")
            child("--mb", args.mb, "--make", path, compiled)
            results: dict[str, list[dict]] = {library: [] for library in LIBRARIES}
            for _ in range(args.rounds):
                for library in LIBRARIES:
                    results[library].append(json.loads(child("--load", library, path)))
            size = os.path.getsize(path)
            for library, runs in results.items():
                seconds = statistics.median(r["seconds"] for r in runs)
                memory = statistics.median(r["bytes"] for r in runs) / size
                print(f"| {name}, {size / 1e6:.0f} MB | {library} | {seconds:.2f} | {memory:.2f} |")


if __name__ == "__main__":
    main()
