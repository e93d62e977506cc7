"""The six workloads in the Keras API, and with `large.py` two for an accelerator.

    python benchmarks/workloads.py NAME [--module hornbill|keras|tensorflow.keras]

Prints one JSON line: seconds to import and for the first epoch (build, trace, compile), and the
throughput of training, evaluation and prediction in samples a second (median epoch).
"""

import argparse
import importlib
import json
import os
import resource
import statistics
import time

import numpy as np
from large import LARGE


def seed_mlp(keras, scale):
    layers = keras.layers

    class MLP(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense1 = layers.Dense(64, activation="relu")
            self.dense2 = layers.Dense(10, activation="softmax")

        def call(self, inputs):
            return self.dense2(self.dense1(inputs))

    n = int(16000 * scale)
    rng = np.random.default_rng(0)
    x, y = rng.random((n, 20), dtype="float32"), rng.integers(0, 10, (n,))
    return MLP(), x, y, 32, "sparse_categorical_crossentropy"


def mnist_cnn(keras, scale):
    layers = keras.layers
    i = keras.Input((28, 28, 1))
    x = layers.Conv2D(32, 3, activation="relu")(i)
    x = layers.MaxPooling2D()(x)
    x = layers.Conv2D(64, 3, activation="relu")(x)
    x = layers.MaxPooling2D()(x)
    x = layers.Dropout(0.5)(layers.Flatten()(x))
    o = layers.Dense(10, activation="softmax")(x)
    n = int(3840 * scale)
    rng = np.random.default_rng(0)
    x, y = rng.random((n, 28, 28, 1), dtype="float32"), rng.integers(0, 10, (n,))
    return keras.Model(i, o), x, y, 128, "sparse_categorical_crossentropy"


def resnet20(keras, scale):
    layers = keras.layers

    def conv(x, filters, size, strides=1):
        x = layers.Conv2D(filters, size, strides=strides, padding="same", use_bias=False)(x)
        return layers.BatchNormalization()(x)

    i = keras.Input((32, 32, 3))
    x = layers.ReLU()(conv(i, 16, 3))
    for stage, filters in enumerate((16, 32, 64)):
        for block in range(3):
            strides = 2 if stage and not block else 1
            shortcut = conv(x, filters, 1, strides) if strides == 2 else x
            x = layers.ReLU()(conv(x, filters, 3, strides))
            x = layers.ReLU()(layers.add([conv(x, filters, 3), shortcut]))
    o = layers.Dense(10, activation="softmax")(layers.GlobalAveragePooling2D()(x))
    n = int(640 * scale)
    rng = np.random.default_rng(0)
    x, y = rng.random((n, 32, 32, 3), dtype="float32"), rng.integers(0, 10, (n,))
    return keras.Model(i, o), x, y, 64, "sparse_categorical_crossentropy"


def lstm(keras, scale):
    layers = keras.layers
    i = keras.Input((100,), dtype="int32")
    x = layers.LSTM(128)(layers.Embedding(20000, 128)(i))
    o = layers.Dense(1, activation="sigmoid")(x)
    n = int(960 * scale)
    rng = np.random.default_rng(0)
    x = rng.integers(0, 20000, (n, 100)).astype("int32")
    y = rng.integers(0, 2, (n, 1)).astype("float32")
    return keras.Model(i, o), x, y, 32, "binary_crossentropy"


def transformer(keras, scale):
    layers = keras.layers
    i = keras.Input((128,), dtype="int32")
    x = layers.Embedding(20000, 128)(i)
    for _ in range(2):
        h = layers.LayerNormalization(epsilon=1e-6)(x)
        x = layers.add([x, layers.MultiHeadAttention(4, 32)(h, h)])
        h = layers.LayerNormalization(epsilon=1e-6)(x)
        x = layers.add([x, layers.Dense(128)(layers.Dense(512, activation="gelu")(h))])
    o = layers.Dense(2, activation="softmax")(layers.GlobalAveragePooling1D()(x))
    n = int(640 * scale)
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 20000, (n, 128)).astype("int32"), rng.integers(0, 2, (n,))
    return keras.Model(i, o), x, y, 32, "sparse_categorical_crossentropy"


def autoencoder(keras, scale):
    layers = keras.layers
    i = keras.Input((784,))
    x = i
    for units in (128, 32, 128):
        x = layers.Dense(units, activation="relu")(x)
    o = layers.Dense(784, activation="sigmoid")(x)
    x = np.random.default_rng(0).random((int(12800 * scale), 784), dtype="float32")
    return keras.Model(i, o), x, x, 256, "binary_crossentropy"


WORKLOADS = (seed_mlp, mnist_cnn, resnet20, lstm, transformer, autoencoder)


def main():
    started = time.perf_counter()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=[w.__name__ for w in WORKLOADS + LARGE])
    parser.add_argument("--module", default="hornbill")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--scale", type=float, default=1.0)
    args = parser.parse_args()
    keras = importlib.import_module(args.module)
    build = next(w for w in WORKLOADS + LARGE if w.__name__ == args.name)
    keras.layers.Dense  # noqa: B018 - a lazy package loads here
    imported = time.perf_counter() - started

    if build in LARGE:
        keras.config.set_dtype_policy("mixed_bfloat16")
    model, x, y, batch, loss = build(keras, args.scale)
    metrics = ["mae"] if args.name == "autoencoder" else ["accuracy"]
    began = time.perf_counter()
    model.compile(optimizer="adam", loss=loss, metrics=metrics)
    model.fit(x, y, batch_size=batch, epochs=1, verbose=0)
    first = time.perf_counter() - began

    times = []

    class Clock(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.began = time.perf_counter()

        def on_epoch_end(self, epoch, logs=None):
            times.append(time.perf_counter() - self.began)

    history = model.fit(x, y, batch_size=batch, epochs=args.epochs, verbose=0, callbacks=[Clock()])

    def rate(run):
        run()
        times = []
        for _ in range(3):
            began = time.perf_counter()
            run()
            times.append(time.perf_counter() - began)
        return round(len(x) / statistics.median(times))

    result = {
        "work": args.name,
        "module": args.module,
        "backend": os.environ.get("KERAS_BACKEND", "-"),
        "import_s": round(imported, 2),
        "first_s": round(first, 2),
        "train": round(len(x) / statistics.median(times)),
        "evaluate": rate(lambda: model.evaluate(x, y, batch_size=batch, verbose=0)),
        "predict": rate(lambda: model.predict(x, batch_size=batch, verbose=0)),
        "loss": round(float(history.history["loss"][-1]), 4),
        "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
