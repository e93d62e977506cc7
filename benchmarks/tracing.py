"""Processor time until a deep functional model's training step is a program, not yet compiled.

    python benchmarks/tracing.py                        # Hornbill, and Keras on JAX if installed
    python benchmarks/tracing.py --layers 400 --profile

Two models: dense layers in a row, and residual blocks of convolution, batch normalization and
ReLU. For each: seconds to build the model, and to trace the training step with Adam (weights and
slots are made before, nothing is compiled). Keras's step is traced as its JAX trainer would:
`jax.jit(trainer.train_step).trace(state, batch)`.
"""

import argparse
import cProfile
import importlib.util
import json
import os
import pstats
import subprocess
import sys
import time

import numpy as np


def dense(keras, layers: int):
    x = inputs = keras.Input((16,))
    for _ in range(layers - 1):
        x = keras.layers.Dense(16, activation="relu")(x)
    return keras.Model(inputs, keras.layers.Dense(4)(x)), (16,)


def residual(keras, layers: int):
    """Blocks of seven layers: twice convolution, normalization and ReLU, and the sum."""
    new = keras.layers
    x = inputs = keras.Input((8, 8, 4))
    for _ in range(layers // 7):
        h = x
        for _ in range(2):
            h = new.Conv2D(4, 3, padding="same", use_bias=False)(h)
            h = new.ReLU()(new.BatchNormalization()(h))
        x = new.add([x, h])
    return keras.Model(inputs, new.Dense(4)(new.GlobalAveragePooling2D()(x))), (8, 8, 4)


MODELS = {"dense": dense, "residual": residual}


def trace_hornbill(model, x, y):
    runner = model._new_runner("train")
    runner.prepare({"structure": (0, 1), "arrays": [[x.shape, "float32"], [y.shape, "int32"]]})


def trace_keras(model, x, y):
    import jax

    groups = "trainable_variables", "non_trainable_variables"
    state = [[v.value for v in getattr(model, group)] for group in groups]
    state.append([v.value for v in model.optimizer.variables])
    state.append([v.value for v in model.metrics_variables])
    jax.jit(model.train_step).trace(tuple(state), (x, y))


def measure(library: str, name: str, layers: int, profile: bool) -> dict:
    """The seconds of one library and model, in this process."""
    keras = __import__(library)
    keras.layers.Dense  # noqa: B018 - a lazy package loads here
    MODELS[name](keras, 8)  # what a process does once is not measured
    began = time.process_time()
    model, shape = MODELS[name](keras, layers)
    built = time.process_time()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy"])
    x, y = np.zeros((8, *shape), "float32"), np.zeros((8,), "int32")
    if library == "keras":
        model._symbolic_build(data_batch=(x, y))
    else:
        model.optimizer.build(model.trainable_variables)
    profiler = cProfile.Profile() if profile else None
    ready = time.process_time()
    if profiler:
        profiler.enable()
    (trace_keras if library == "keras" else trace_hornbill)(model, x, y)
    traced = time.process_time()
    if profiler:
        profiler.disable()
        pstats.Stats(profiler, stream=sys.stderr).sort_stats("tottime").print_stats(45)
    return {"build": built - began, "trace": traced - ready, "layers": len(model.layers)}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--layers", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3, help="the best of so many processes")
    parser.add_argument("--profile", action="store_true", help="where Hornbill's time goes")
    parser.add_argument("--one", nargs=2, metavar=("LIBRARY", "MODEL"), help="in this process")
    args = parser.parse_args()
    if args.one:
        print(json.dumps(measure(*args.one, args.layers, args.profile)))
        return
    libraries = [n for n in ("hornbill", "keras") if importlib.util.find_spec(n)]
    environment = os.environ | {"KERAS_BACKEND": "jax"}
    print("| model | library | layers | build, s | trace, s |\n|---|---|---|---|---|")
    for name in MODELS:
        for library in libraries:
            command = [sys.executable, __file__, "--one", library, name]
            command += ["--layers", str(args.layers)]
            if args.profile and library == "hornbill":
                command.append("--profile")
            runs = [
                json.loads(subprocess.check_output(command, env=environment, text=True))
                for _ in range(args.rounds)
            ]
            build, trace = (min(r[k] for r in runs) for k in ("build", "trace"))
            print(f"| {name} | {library} | {runs[0]['layers']} | {build:.2f} | {trace:.2f} |")


if __name__ == "__main__":
    main()
