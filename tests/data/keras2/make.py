"""Makes the `.h5` files beside it with Keras 2: the package `tf_keras`, in a venv of its own.

    python -m venv v && v/bin/pip install tf_keras tensorflow-cpu && v/bin/python make.py

Each `NAME.h5` is what Keras 2 saved; `NAME.npz` holds inputs (`x0`, `x1`, ...), what the model
predicted (`y0`, ...), and, where it had been compiled, the loss of two more epochs (`losses`).
`configs.json` holds the config of each of Keras 2's layers, with its defaults.
"""

import inspect
import json
import os
from pathlib import Path

import numpy as np
import tf_keras as k

HERE = Path(__file__).parent
RNG = np.random.default_rng(0)
ROWS = RNG.normal(size=(4, 3)).astype("float32")
STEPS = RNG.normal(size=(4, 5, 3)).astype("float32")
IMAGES = RNG.normal(size=(4, 6, 6, 2)).astype("float32")
TOKENS = RNG.integers(1, 7, size=(4, 5)).astype("int32")


def sequential():
    layers = [k.layers.Dense(4, activation="relu", input_shape=(3,)), k.layers.Dropout(0.5)]
    return k.Sequential([*layers, k.layers.Dense(1, activation="sigmoid")]), [ROWS], "sgd"


def images():
    model = k.Sequential(
        [
            k.layers.Conv2D(3, 3, padding="same", input_shape=(6, 6, 2)),
            k.layers.BatchNormalization(),
            k.layers.LeakyReLU(0.2),
            k.layers.MaxPooling2D(),
            k.layers.DepthwiseConv2D(2),
            k.layers.SeparableConv2D(2, 2, activation="elu"),
            k.layers.GlobalAveragePooling2D(),
        ]
    )
    return model, [IMAGES], None


def inputs():
    a, b = k.Input((3,), name="a"), k.Input((5,), dtype="int32", name="b")
    words = k.layers.Embedding(7, 3, name="words")(b)
    shared = k.layers.Dense(3, activation="tanh", name="shared")
    merged = k.layers.Concatenate()([shared(a), shared(k.layers.GlobalMaxPooling1D()(words))])
    ends = [k.layers.Dense(2, name="one")(merged), k.layers.Add(name="two")([a, shared(a)])]
    return k.Model([a, b], ends, name="several"), [ROWS, TOKENS], None


def recurrent():
    x = k.Input((5, 3))
    y = k.layers.Masking(0.0)(x)
    y = k.layers.Bidirectional(k.layers.LSTM(2, return_sequences=True))(y)
    return k.Model(x, k.layers.GRU(3)(y)), [STEPS], None


def wrapped():
    x = k.Input((5, 3))
    y = k.layers.TimeDistributed(k.layers.Dense(2))(x)
    return k.Model(x, k.layers.SimpleRNN(2)(y)), [STEPS], None


def cells():
    x = k.Input((5, 3))
    y = k.layers.RNN([k.layers.LSTMCell(2), k.layers.GRUCell(3)], return_sequences=True)(x)
    y, h, c = k.layers.LSTM(2, return_sequences=True, return_state=True)(y)
    return k.Model(x, [k.layers.LSTM(2)(y, initial_state=[h, c]), h]), [STEPS], None


def nested():
    i = k.Input((3,), name="i")
    inner = k.Model(i, k.layers.Dense(3, name="deep")(i), name="inner")
    head = k.Sequential([k.layers.Dense(4, input_shape=(3,)), k.layers.LayerNormalization()])
    x = k.Input((3,))
    return k.Model(x, head(inner(inner(x)))), [ROWS], None


def attention():
    x = k.Input((5, 4))
    y = k.layers.MultiHeadAttention(2, 2)(x, x)
    y = k.layers.Attention()([k.layers.LayerNormalization()(y), x])
    return (
        k.Model(x, k.layers.Conv1D(2, 2, padding="causal")(y)),
        [RNG.normal(size=(2, 5, 4)).astype("float32")],
        None,
    )


def trained():
    x = k.Input((3,))
    layer = k.layers.Dense(1, kernel_regularizer=k.regularizers.L2(0.01))
    return k.Model(x, layer(k.layers.PReLU()(x))), [ROWS], k.optimizers.Adam(0.01)


def older():
    x = k.Input((3,))
    layer = k.layers.Dense(3, activation="tanh")
    return k.Model(x, k.layers.Dense(1)(layer(x))), [ROWS], k.optimizers.legacy.Adam(0.01)


CASES = (sequential, images, inputs, recurrent, wrapped, cells, nested, attention, trained, older)


# What layers need to be made.
NEEDED = {"units": 2, "filters": 2, "kernel_size": 2, "num_heads": 2, "key_dim": 2, "rate": 0.1}
NEEDED |= {"input_dim": 3, "output_dim": 2, "num_tokens": 3, "height": 4, "width": 4, "n": 2}
NEEDED |= {"factor": 0.1, "target_shape": (2,), "dims": (1,), "axes": 1, "stddev": 0.1}
NEEDED |= {"activation": "relu", "num_bins": 3, "output_shape": 2, "equation": "ab,bc->ac"}
NEEDED |= {"scale": 2.0, "height_factor": 0.1}

SPECIAL = {"CategoryEncoding": {"num_tokens": 3}, "Discretization": {"num_bins": 3}}
SPECIAL |= {"InputLayer": {"input_shape": (3,)}}


def config_of(cls):
    """The config of a layer, or None for those that need more, or are not made from numbers."""
    parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]
    arguments = {
        p.name: NEEDED.get(p.name)
        for p in parameters
        if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD
    }
    arguments |= SPECIAL.get(cls.__name__, {})
    if "cell" in arguments:
        arguments["cell"] = k.layers.LSTMCell(2)
    if "layer" in arguments:
        arguments["layer"] = k.layers.LSTM(2) if "Bidirectional" in str(cls) else k.layers.Dense(2)
    try:
        return cls(**arguments).get_config()
    except Exception as error:
        print(f"left out: {cls.__name__}: {error}"[:90])
        return None


def as_json(thing):
    if hasattr(thing, "get_config"):
        return {"class_name": type(thing).__name__, "config": thing.get_config()}
    return thing.item() if hasattr(thing, "item") else list(thing)


def main():
    layers = {v.__name__: v for v in vars(k.layers).values() if inspect.isclass(v)}
    layers = {n: config_of(v) for n, v in sorted(layers.items()) if issubclass(v, k.layers.Layer)}
    with open(HERE / "configs.json", "w") as file:
        json.dump({n: c for n, c in layers.items() if c}, file, default=as_json)
    for case in CASES:
        k.utils.set_random_seed(1)
        model, x, optimizer = case()
        one, target, kept = (x if len(x) > 1 else x[0]), ROWS[:, :1] > 0, {}
        how = {"epochs": 2, "shuffle": False, "verbose": 0}
        if optimizer is not None:
            model.compile(
                optimizer, "binary_crossentropy" if case is sequential else "mse", ["mae"]
            )
            model.fit(one, target, **how)
        path = HERE / f"{case.__name__}.h5"
        model.save(path)
        y = model.predict(one, verbose=0)
        if optimizer is not None and case is not sequential:  # whose dropout draws otherwise here
            kept["losses"] = model.fit(one, target, **how).history["loss"]
        kept |= {f"x{i}": part for i, part in enumerate(x)}
        kept |= {f"y{i}": part for i, part in enumerate(y if isinstance(y, list) else [y])}
        np.savez_compressed(path.with_suffix(".npz"), **kept)
        print(case.__name__, os.path.getsize(path))


if __name__ == "__main__":
    main()
