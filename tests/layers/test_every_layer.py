"""One table of all public layers: each survives its config and runs compiled inside `fit`.

Numbers are the matter of the families' own tests. Here all layers that take one kind of input are
branches of one functional model, so that a handful of programs shows what holds for all of them.
"""

import functools
import inspect
import json
from typing import Any, NamedTuple
from unittest import mock

import jax.numpy as jnp
import numpy as np
import pytest
from keras_parity import QUICK

import hornbill as hb
from hornbill.engine import compile as engine_compile
from hornbill.engine.serialize import deserialize, serialize

pytestmark = pytest.mark.slow  # some twenty large programs

L = hb.layers
BATCH = 4


@hb.saving.register_keras_serializable("test_every_layer")
def start(rng, inputs):
    return {"w": jnp.ones((inputs.shape[-1], 2))}


@hb.saving.register_keras_serializable("test_every_layer")
def product(params, inputs):
    return inputs @ params["w"]


def alone(layer, x):
    return layer(x)


def pair(layer, x):
    return layer([x, hb.ops.cos(x)])


def query_and_value(layer, x):
    return layer(x, hb.ops.cos(x))


def inside_rnn(cell, x):
    return L.RNN(cell)(x)


def with_time(layer, x):
    return layer(hb.ops.expand_dims(x, 1))


class Case(NamedTuple):
    """A layer, its arguments (or a function that makes them), and how it is called."""

    name: str
    settings: Any = {}
    call: Any = alone

    def make(self):
        settings = self.settings() if callable(self.settings) else self.settings
        return getattr(L, self.name)(**settings, name=self.name.lower())


def copy(layer):
    """The layer, out of its own JSON."""
    return deserialize(json.loads(json.dumps(serialize(layer))))


def by_rank(name, rank, **settings):
    return Case(f"{name}{rank}D", settings)


def spatial(rank):
    """The layers that exist for 1, 2 and 3 dimensions."""
    return [
        by_rank("AdaptiveAveragePooling", rank, output_size=2),
        by_rank("AdaptiveMaxPooling", rank, output_size=2),
        by_rank("AveragePooling", rank, pool_size=2),
        by_rank("MaxPooling", rank, pool_size=2),
        by_rank("GlobalAveragePooling", rank, keepdims=True),
        by_rank("GlobalMaxPooling", rank),
        by_rank("Conv", rank, filters=3, kernel_size=2, activation="relu"),
        by_rank("Conv", rank, filters=2, kernel_size=3, padding="same", dilation_rate=2),
        by_rank("Conv", rank, filters=2, kernel_size=3, strides=2, use_bias=False),
        Case(f"Conv{rank}DTranspose", {"filters": 3, "kernel_size": 2, "strides": 2}),
        by_rank("Cropping", rank, cropping=1),
        by_rank("ZeroPadding", rank, padding=1),
        by_rank("UpSampling", rank, size=2),
        by_rank("SpatialDropout", rank, rate=0.5),
    ]


# What all layers of a kind are called on: a shape without the batch. Tokens are ints below 8.
SHAPES = {
    "vector": (16,),
    "tokens": (5,),
    "sequence": (6, 4),
    "image": (8, 8, 3),
    "augmentation": (8, 8, 3),
    "volume": (4, 4, 4, 2),
}

CASES = {
    "vector": [
        Case("Activation", {"activation": "tanh"}),
        Case("ActivityRegularization", {"l1": 0.1, "l2": 0.2}),
        Case("Add", {}, pair),
        Case("AlphaDropout", {"rate": 0.3}),
        Case("Average", {}, pair),
        Case("BatchNormalization"),
        Case("Concatenate", {}, pair),
        Case("Dense", {"units": 3, "kernel_regularizer": "l2", "activation": "gelu"}),
        Case("Discretization", {"bin_boundaries": [0.0, 0.5]}),
        Case("Dot", {"axes": 1}, pair),
        Case("Dropout", {"rate": 0.5}),
        Case("ELU"),
        Case("GaussianDropout", {"rate": 0.3}),
        Case("GaussianNoise", {"stddev": 0.3}),
        Case("Identity"),
        Case("JaxLayer", {"call_fn": product, "init_fn": start}),
        Case("Lambda", {"function": hb.ops.square}),
        Case("LayerNormalization"),
        Case("LeakyReLU"),
        Case("Maximum", {}, pair),
        Case(
            "MelSpectrogram",
            {"fft_length": 8, "sequence_stride": 4, "num_mel_bins": 3, "min_freq": 1.0},
        ),
        Case("Minimum", {}, pair),
        Case("Multiply", {}, pair),
        Case("Normalization", {"mean": 0.5, "variance": 2.0}),
        Case("PReLU"),
        Case("Pipeline", lambda: {"layers": [L.Rescaling(2.0), L.Dense(2)]}),
        Case("RMSNormalization"),
        Case("ReLU", {"max_value": 1.0}),
        Case("RepeatVector", {"n": 2}),
        Case("Rescaling", {"scale": 0.5, "offset": 1.0}),
        Case("Reshape", {"target_shape": (-1, 4)}),
        Case("Softmax"),
        Case("SpectralNormalization", lambda: {"layer": L.Dense(2)}),
        Case("Subtract", {}, pair),
        Case("UnitNormalization"),
    ],
    "tokens": [
        Case("CategoryEncoding", {"num_tokens": 8, "output_mode": "count"}),
        Case("Embedding", {"input_dim": 8, "output_dim": 3, "mask_zero": True}),
        Case("ReversibleEmbedding", {"input_dim": 8, "output_dim": 3}),
    ],
    "sequence": [
        *spatial(1),
        Case("AdditiveAttention", {}, pair),
        Case("Attention", {"use_scale": True}, pair),
        Case("Bidirectional", lambda: {"layer": L.LSTM(2, return_sequences=True)}),
        Case("DepthwiseConv1D", {"kernel_size": 2, "depth_multiplier": 2}),
        Case("EinsumDense", {"equation": "abc,cd->abd", "output_shape": (None, 3)}),
        Case("GRU", {"units": 3, "go_backwards": True}),
        Case("GRUCell", {"units": 3, "reset_after": False}, inside_rnn),
        Case(
            "GroupQueryAttention",
            {"head_dim": 2, "num_query_heads": 4, "num_key_value_heads": 2},
            query_and_value,
        ),
        Case("LSTM", {"units": 3}),
        Case("LSTMCell", {"units": 3}, inside_rnn),
        Case("Masking", {"mask_value": 0.5}),
        Case("MultiHeadAttention", {"num_heads": 2, "key_dim": 3}, query_and_value),
        Case("Permute", {"dims": (2, 1)}),
        Case("RNN", lambda: {"cell": L.SimpleRNNCell(3), "unroll": True}),
        Case("STFTSpectrogram", {"frame_length": 4, "mode": "magnitude"}),
        Case("SeparableConv1D", {"filters": 3, "kernel_size": 2}),
        Case("SimpleRNN", {"units": 3, "dropout": 0.2, "recurrent_dropout": 0.2}),
        Case("SimpleRNNCell", {"units": 3}, inside_rnn),
        Case("StackedRNNCells", lambda: {"cells": [L.GRUCell(2), L.LSTMCell(3)]}, inside_rnn),
        Case("TimeDistributed", lambda: {"layer": L.Dense(2)}),
    ],
    "image": [
        *spatial(2),
        Case("ConvLSTM1D", {"filters": 2, "kernel_size": 2}),
        Case("DepthwiseConv2D", {"kernel_size": 2}),
        Case("Flatten"),
        Case("GroupNormalization", {"groups": 3}),
        Case("SeparableConv2D", {"filters": 3, "kernel_size": 2, "strides": 2}),
    ],
    "augmentation": [
        Case("AugMix", {"num_chains": 1, "chain_depth": 1}),
        Case("AutoContrast"),
        Case("CenterCrop", {"height": 5, "width": 6}),
        Case("ContrastLimitedAdaptiveHistogramEqualization", {"tile_grid_size": (2, 2)}),
        Case("CutMix"),
        Case("Equalization"),
        Case("MixUp"),
        Case("RandAugment", {"num_ops": 1}),
        Case("RandomBrightness", {"factor": 0.2}),
        Case("RandomColorDegeneration", {"factor": 0.3}),
        Case("RandomColorJitter", {"brightness_factor": 0.2, "hue_factor": 0.1}),
        Case("RandomContrast", {"factor": 0.3}),
        Case("RandomCrop", {"height": 5, "width": 6}),
        Case("RandomElasticTransform"),
        Case("RandomErasing"),
        Case("RandomFlip"),
        Case("RandomGaussianBlur", {"kernel_size": 3}),
        Case("RandomGrayscale"),
        Case("RandomHue", {"factor": 0.2}),
        Case("RandomInvert"),
        Case("RandomPerspective"),
        Case("RandomPosterization", {"factor": 4}),
        Case("RandomRotation", {"factor": 0.2}),
        Case("RandomSaturation", {"factor": 0.3}),
        Case("RandomSharpness", {"factor": 0.3}),
        Case("RandomShear", {"x_factor": 0.2, "y_factor": 0.1}),
        Case("RandomTranslation", {"height_factor": 0.2, "width_factor": 0.1}),
        Case("RandomZoom", {"height_factor": 0.2}),
        Case("Resizing", {"height": 5, "width": 4}),
        Case("Solarization"),
    ],
    "volume": [
        *spatial(3),
        Case("ConvLSTM2D", {"filters": 2, "kernel_size": 2, "return_sequences": True}),
        Case("ConvLSTM3D", {"filters": 2, "kernel_size": 2}, with_time),
    ],
}

# Layers of strings, or that look things up on the host: called as they are, and on what.
WORDS = np.array([["a", "b"], ["c", "a"]])
BOXES = {"boxes": np.ones((2, 1, 4), "float32"), "labels": np.ones((2, 1), "float32")}
EAGER = [
    (Case("HashedCrossing", {"num_bins": 4}), (WORDS[:, :1], WORDS[:, 1:]), (2, 1)),
    (Case("Hashing", {"num_bins": 4}), WORDS, (2, 2)),
    (Case("IntegerLookup", {"vocabulary": [3, 5]}), np.array([[3, 9]]), (1, 2)),
    (
        Case("MaxNumBoundingBoxes", {"max_number": 3, "bounding_box_format": "xyxy"}),
        {"images": np.ones((2, 4, 4, 3), "float32"), "bounding_boxes": BOXES},
        {"images": (2, 4, 4, 3), "bounding_boxes": {"boxes": (2, 3, 4), "labels": (2, 3)}},
    ),
    (Case("StringLookup", {"vocabulary": ["a", "b"], "output_mode": "one_hot"}), WORDS, (2, 2, 3)),
    (
        Case("TextVectorization", {"vocabulary": ["a"], "output_sequence_length": 5}),
        np.array(["a b a", "c"]),
        (2, 5),
    ),
]

ELSEWHERE = {
    "Layer": "the base of all",
    "Wrapper": "a base: its subclasses say how they call",
    "InputLayer": "the beginning of every model below, never called",
    "FlaxLayer": "needs flax, see test_flax_layer.py",
}

FLAT = [(kind, case) for kind, cases in CASES.items() for case in cases]
NAMES = [f"{kind}-{i}-{case.name}" for i, (kind, case) in enumerate(FLAT)]


def test_no_layer_is_left_out():
    public = {
        name
        for name, thing in vars(L).items()
        if inspect.isclass(thing) and issubclass(thing, L.Layer) and thing.__name__ == name
    }
    named = {case.name for _, case in FLAT} | {case.name for case, *_ in EAGER}
    assert public - named == set(ELSEWHERE)
    assert named & set(ELSEWHERE) == set()


@pytest.mark.parametrize(
    "case", [c for _, c in FLAT] + [c for c, *_ in EAGER], ids=lambda c: c.name
)
def test_survives_its_config(case):
    layer = case.make()
    config = json.loads(json.dumps(layer.get_config()))
    again = type(layer).from_config(config)
    assert type(again) is type(layer)
    assert again.get_config() == layer.get_config()
    assert copy(layer).get_config() == layer.get_config()
    settings = case.settings() if callable(case.settings) else case.settings
    assert set(settings) <= set(config)


def data(kind):
    rng = np.random.default_rng(1)
    if kind == "tokens":
        return rng.integers(0, 8, (BATCH, *SHAPES[kind])).astype("int32")
    low = 0 if kind == "augmentation" else -1
    return rng.uniform(low, 1, (BATCH, *SHAPES[kind])).astype("float32")


@functools.cache
def trained(kind, policy):
    """Every layer of a kind as a branch of one model, after one step of `fit`.

    Returns the symbolic and the real outputs, the layers, their weights before and the history.
    """
    before = hb.config.dtype_policy()
    hb.config.set_dtype_policy(policy)
    try:
        layers = [copy(case.make()) for case in CASES[kind]]
        for i, layer in enumerate(layers):
            layer.name = f"{layer.name}_{i}"
        x = hb.Input(SHAPES[kind], dtype="int32" if kind == "tokens" else "float32")
        outputs = [case.call(layer, x) for case, layer in zip(CASES[kind], layers, strict=True)]
    finally:
        hb.config.set_dtype_policy(before)
    means = [
        hb.ops.mean(hb.ops.cast(y, "float32"), axis=tuple(range(1, len(y.shape)))) for y in outputs
    ]
    model = hb.Model(x, hb.ops.stack(means, axis=-1))
    start = [layer.get_weights() for layer in layers]
    model.compile(hb.optimizers.SGD(1.0), "mse")  # a step that float32 can show
    with mock.patch.object(engine_compile, "options", return_value=QUICK):
        history = model.fit(data(kind), np.ones((BATCH, len(means))), batch_size=BATCH, verbose=0)
        real = hb.Model(x, outputs).predict(data(kind), verbose=0)
    return outputs, real, layers, start, history.history


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
@pytest.mark.parametrize("kind", list(SHAPES))
def test_runs_inside_fit(kind, policy):
    _, _, layers, start, history = trained(kind, policy)
    assert np.isfinite(history["loss"]).all()
    for layer, old in zip(layers, start, strict=True):
        assert all(w.dtype == "float32" for w in layer.trainable_weights), layer
        new = layer.get_weights()
        if layer.trainable_weights:
            assert any((a != b).any() for a, b in zip(old, new, strict=True)), layer
        assert all(np.isfinite(w).all() for w in new), layer


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
@pytest.mark.parametrize(("kind", "case"), FLAT, ids=NAMES)
def test_symbolic_equals_real(kind, case, policy):
    outputs, real, *_ = trained(kind, policy)
    place = CASES[kind].index(case)
    symbol, array = outputs[place], real[place]
    assert symbol.shape == (None, *array.shape[1:])
    assert array.shape[0] == BATCH
    assert symbol.dtype == array.dtype.name
    if array.dtype.kind == "f" or symbol.dtype == "bfloat16":
        assert symbol.dtype == {"float32": "float32", "mixed_bfloat16": "bfloat16"}[policy]
        assert np.isfinite(array.astype("float32")).all()


@pytest.mark.parametrize(("case", "x", "shape"), EAGER, ids=lambda v: getattr(v, "name", ""))
def test_runs_on_the_host(case, x, shape):
    def shapes(structure):
        if isinstance(structure, dict):
            return {name: shapes(value) for name, value in structure.items()}
        return structure.shape

    assert shapes(copy(case.make())(x)) == shape
