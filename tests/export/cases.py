"""Models to export, each with its data: those that are saved as well, and some larger shapes."""

import json
import os
import subprocess
import sys

import jax
import numpy as np
from saving import model_cases
from saving.model_cases import IMAGES, TOKENS

import hornbill as hb


def residual(k):
    x, layers = k.Input((8, 8, 2)), k.layers
    y = layers.Conv2D(4, 3, padding="same", use_bias=False)(x)
    y = layers.ReLU()(layers.BatchNormalization()(y))
    y = layers.Add()([y, layers.Conv2D(4, 1)(x)])
    y = layers.MaxPooling2D(3, 2, "same")(layers.Activation("silu")(y))
    return k.Model(x, layers.Dense(3, "softmax")(layers.GlobalAveragePooling2D()(y)))


def autoencoder(k):
    small = [k.layers.Conv2D(4, 3, 2, "same", activation="relu"), k.layers.AveragePooling2D(3, 1)]
    large = [k.layers.Conv2DTranspose(4, 3, 2), k.layers.UpSampling2D(2, interpolation="bilinear")]
    return k.Sequential([k.Input((8, 8, 2)), *small, *large, k.layers.Conv2D(1, 3, padding="same")])


def transformer(k):
    x, layers = k.Input((5,), dtype="int32"), k.layers
    y = layers.Embedding(9, 8)(x)
    y = layers.LayerNormalization()(y + layers.MultiHeadAttention(2, 4)(y, y))
    y = layers.LayerNormalization()(y + layers.Dense(8)(layers.Dense(16, "gelu")(y)))
    return k.Model(x, layers.Dense(3, "softmax")(layers.GlobalAveragePooling1D()(y)))


def preprocessing(k):
    norm = k.layers.Normalization(axis=-1)
    norm.adapt(np.abs(IMAGES))
    ends = [k.layers.Flatten(), k.layers.Dense(2)]
    return k.Sequential([k.Input((8, 8, 2)), k.layers.Rescaling(0.5, offset=-1), norm, *ends])


def pooled_words(k):
    layers = [k.layers.Embedding(9, 4, mask_zero=True), k.layers.GlobalAveragePooling1D()]
    return k.Sequential([k.Input((5,), dtype="int32"), *layers, k.layers.Dense(1, "sigmoid")])


class Tower(hb.Model):
    def __init__(self):
        super().__init__()
        self.first, self.second = hb.layers.Dense(4, activation="tanh"), hb.layers.Dense(2)

    def call(self, x):
        return self.second(self.first(x)) + hb.ops.mean(x, axis=-1, keepdims=True)


def subclassed(k):
    model = Tower()
    model(model_cases.ROWS)
    return model


CASES = dict(model_cases.CASES)
for case, data in [(residual, IMAGES), (autoencoder, IMAGES), (transformer, TOKENS)]:
    CASES[case.__name__] = (case, data)
CASES["preprocessing"] = (preprocessing, IMAGES)
CASES["pooled_words"] = (pooled_words, TOKENS)
CASES["subclassed"] = (subclassed, model_cases.ROWS)


def larger(data):
    """The same data in a batch of 7."""
    return jax.tree.map(lambda x: np.concatenate([x, x, x])[:7], data)


def close(got, expected, tolerance=1e-5):
    got, expected = jax.tree.leaves(got), jax.tree.leaves(expected)
    assert len(got) == len(expected)
    for one, other in zip(got, expected, strict=True):
        # In float32, for NumPy knows no bfloat16.
        one, other = np.asarray(one, "float32"), np.asarray(other, "float32")
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)


def export_cases(folder, names, format: str) -> dict:
    """Exports models to `name.format`, writes their data beside, and gives `{name: model}`."""
    hb.utils.set_random_seed(0)
    models, structures = {}, {}
    for name in names:
        build, data = CASES[name]
        model = models[name] = build(hb)
        model.export(folder / f"{name}.{format}", format=format, verbose=False)
        leaves, treedef = jax.tree.flatten(data)
        np.savez(folder / f"{name}.npz", **{f"x{i}": x for i, x in enumerate(leaves)})
        structures[name] = jax.tree.unflatten(treedef, [f"x{i}" for i in range(len(leaves))])
    (folder / "cases.json").write_text(json.dumps(structures))
    return models


def run_elsewhere(folder, script: str) -> None:
    """Runs a script in a process that finds no Hornbill, in the folder."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def outputs_of(folder, name: str) -> list:
    """The arrays that the script left in `name.out.npz`."""
    with np.load(folder / f"{name}.out.npz") as outputs:
        return list(outputs.values())
