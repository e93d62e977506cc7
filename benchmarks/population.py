"""A Population's fit against as many fits one after the other, on the seed_mlp workload.

    python benchmarks/population.py                  # n = 32, 5 epochs
    python benchmarks/population.py --members 8 --epochs 20 --rounds 3

Three ways to train n small models with seeds and learning rates of their own, each in a process of
its own, in interleaved rounds; medians are shown, with and without what comes before training:

- `population`: one `Population.fit`;
- `fresh`: `set_random_seed; build; fit`, n times. Each model traces and compiles, as in Keras;
- `again`: one model, its weights and its optimizer's state set back before each fit: it compiles
  once.

`whole` is everything from the first `build` on. `warm` is training alone: a second run over as many
epochs with all programs there already, which for `fresh` means fit called again on each model.

Hornbill keeps compiled programs on disk, here in a folder that is empty at first: of the fresh
models the first one compiles and the others read its program. `--no-cache` switches that off.

`CPU` is processor time, of all threads: on a busy machine the steadier figure.

On two cores with other work beside (32 members, 5 epochs, medians of three rounds), in seconds:

| way | whole | whole CPU | warm | warm CPU |
|---|---|---|---|---|
| population | 2.6 | 2.6 | 1.4 | 1.4 |
| fresh | 6.3 (2.4x) | 6.3 (2.4x) | 3.0 (2.1x) | 3.0 (2.1x) |
| again | 4.1 (1.6x) | 3.9 (1.5x) | 2.9 (2.0x) | 2.9 (2.0x) |

With both cores free for it, in single rounds, the population took 1.7 to 2.1 seconds, 0.8 to 0.9
of them in training, and `fresh` 4.7 to 4.8. Of the population's 2.6 seconds of processor time 1.4
are training, 0.7 the compiler's work on the one program (0.5 less is used where the program is on
the disk already), 0.3 the building of 32 models and 0.1 tracing: the fresh models read their
program from the disk, so what compiling once saves is little here.

In training, a member's step of 0.37 million operations takes 12 us of processor time on one core
alone and 14 to 16 with both in use, in groups of 4 as of 32. These were tried, and gained less than
5 %: weight gradients as products of transposed operands, Adam on flattened weights, the compiler's
options for products (YNN on, off and for products alone; Eigen on one thread).
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
from workloads import seed_mlp

WAYS = ("population", "fresh", "again")


def measure(way: str, n: int, epochs: int) -> dict:
    """Seconds of one way in this process."""
    import hornbill as hb

    x, y = seed_mlp(hb, 1.0)[1:3]
    rates = np.geomspace(1e-4, 1e-1, n)

    def build():
        model = seed_mlp(hb, 0.01)[0]
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    def fit(model):
        return model.fit(x, y, batch_size=32, epochs=epochs, verbose=0)

    def built(i):
        hb.utils.set_random_seed(i)
        model = build()
        model.optimizer.learning_rate = rates[i]
        return model

    build()  # imports
    began, busy = time.perf_counter(), time.process_time()
    if way == "population":
        models = [hb.Population(build, n, learning_rate=rates)]
        losses = fit(models[0]).history["loss"][-1]
    elif way == "fresh":
        models, losses = [], []
        for i in range(n):
            models.append(built(i))
            losses.append(fit(models[-1]).history["loss"][-1])
    else:
        models, losses = [built(0)] * n, []
        models[0].build((None, x.shape[1]))
        models[0].optimizer.build(models[0].trainable_variables)
        state = models[0].get_weights(), [v.numpy() for v in models[0].optimizer.variables]
        for i in range(n):
            models[0].set_weights(state[0])
            models[0].optimizer.set_weights(state[1])
            models[0].optimizer.learning_rate = rates[i]
            losses.append(fit(models[0]).history["loss"][-1])
    figures = {"whole": time.perf_counter() - began, "whole CPU": time.process_time() - busy}
    began, busy = time.perf_counter(), time.process_time()
    for model in models:
        fit(model)
    figures |= {"warm": time.perf_counter() - began, "warm CPU": time.process_time() - busy}
    return {"figures": figures, "loss": [round(float(v), 5) for v in losses]}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--members", type=int, default=32)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--ways", nargs="*", default=list(WAYS), choices=WAYS)
    parser.add_argument("--no-cache", action="store_true", help="no compiled programs on disk")
    parser.add_argument("--one", choices=WAYS, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        print(json.dumps(measure(args.one, args.members, args.epochs)))
        return
    results = {way: [] for way in args.ways}
    for number in range(args.rounds):
        for way in args.ways:
            command = [sys.executable, __file__, "--one", way]
            command += ["--members", str(args.members), "--epochs", str(args.epochs)]
            with tempfile.TemporaryDirectory() as folder:
                environment = {**os.environ, "HORNBILL_CACHE": "off" if args.no_cache else folder}
                done = subprocess.run(
                    command, env=environment, capture_output=True, text=True, check=False
                )
            if done.returncode:
                raise SystemExit(done.stderr)
            results[way].append(json.loads(done.stdout.splitlines()[-1]))
            figures = {k: round(v, 2) for k, v in results[way][-1]["figures"].items()}
            print(f"round {number + 1}, {way}: {figures} seconds", flush=True)
    print(
        f"\n{args.members} members, {args.epochs} epochs; medians, seconds (ratio to population)\n"
    )
    middle = {
        way: {k: statistics.median(r["figures"][k] for r in runs) for k in runs[0]["figures"]}
        for way, runs in results.items()
    }
    first = middle.get("population")
    print(f"| way | {' | '.join(next(iter(middle.values())))} |\n|---|---|---|---|---|")
    for way, figures in middle.items():
        cells = [
            f"{v:.2f} ({v / first[k]:.1f}x)" if first else f"{v:.2f}" for k, v in figures.items()
        ]
        print(f"| {way} | {' | '.join(cells)} |")
    if {"population", "fresh"} <= set(results):
        pairs = zip(results["population"][0]["loss"], results["fresh"][0]["loss"], strict=True)
        print(f"\nLargest difference of final losses: {max(abs(a - b) for a, b in pairs):.1e}")


if __name__ == "__main__":
    main()
