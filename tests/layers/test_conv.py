import numpy as np
import pytest
from keras_parity import check, data

import hornbill as hb

SHAPES = {1: (2, 7, 4), 2: (2, 6, 5, 4), 3: (1, 4, 5, 4, 4)}
FIRST = {1: (2, 4, 7), 2: (2, 4, 6, 5), 3: (1, 4, 4, 5, 4)}

PLAIN = {"filters": 6, "kernel_size": 3}
CASES = [
    *((f"Conv{n}D", n, {"filters": 3, "kernel_size": 2}) for n in (1, 2, 3)),
    ("Conv1D", 1, {**PLAIN, "padding": "same", "strides": 2, "activation": "tanh"}),
    ("Conv1D", 1, {**PLAIN, "padding": "Causal", "dilation_rate": 2, "groups": 2}),
    ("Conv1D", 1, {**PLAIN, "padding": "causal", "strides": 2, "data_format": "channels_first"}),
    ("Conv2D", 2, {**PLAIN, "padding": "same", "strides": (2, 1), "use_bias": False}),
    ("Conv2D", 2, {**PLAIN, "kernel_size": (2, 3), "groups": 2, "data_format": "channels_first"}),
    ("Conv3D", 3, {**PLAIN, "padding": "same", "dilation_rate": (1, 2, 1)}),
    *((f"Conv{n}DTranspose", n, {"filters": 3, "kernel_size": 2}) for n in (1, 2, 3)),
    ("Conv1DTranspose", 1, {**PLAIN, "strides": 2, "padding": "same", "output_padding": 1}),
    ("Conv2DTranspose", 2, {**PLAIN, "strides": (2, 3), "output_padding": (0, 2)}),
    ("Conv2DTranspose", 2, {**PLAIN, "dilation_rate": 2, "data_format": "channels_first"}),
    ("Conv3DTranspose", 3, {**PLAIN, "kernel_size": 2, "strides": 2, "activation": "relu"}),
    ("DepthwiseConv1D", 1, {"kernel_size": 3, "dilation_rate": 2}),
    ("DepthwiseConv2D", 2, {"kernel_size": 3, "depth_multiplier": 2, "padding": "same"}),
    (
        "DepthwiseConv2D",
        2,
        {"kernel_size": 2, "strides": 2, "data_format": "channels_first", "activation": "relu"},
    ),
    ("SeparableConv1D", 1, {**PLAIN, "depth_multiplier": 2, "padding": "same"}),
    ("SeparableConv2D", 2, {**PLAIN, "strides": 2, "activation": "relu"}),
    ("SeparableConv2D", 2, {**PLAIN, "use_bias": False, "data_format": "channels_first"}),
]


@pytest.mark.parametrize(("name", "rank", "settings"), CASES)
def test_equals_keras(name, rank, settings):
    first = settings.get("data_format") == "channels_first"
    x = data(*(FIRST if first else SHAPES)[rank])
    spatial = range(2, x.ndim) if first else range(1, x.ndim - 1)
    # Unknown sizes, too, where Keras's transposed convolution knows only fixed ones.
    check(name, settings, x, unknown=tuple(spatial), rtol=2e-5)


def test_options_reach_the_weights():
    layer = hb.layers.SeparableConv1D(
        3,
        2,
        depthwise_initializer="ones",
        pointwise_initializer="zeros",
        bias_initializer="ones",
        depthwise_regularizer="l2",
        pointwise_regularizer="l1",
        bias_regularizer="l1",
        depthwise_constraint="non_neg",
        pointwise_constraint="max_norm",
        bias_constraint="unit_norm",
        activity_regularizer="l2",
    )
    layer(data(2, 7, 4))
    assert len(layer.losses) == 4
    kernel, pointwise, bias = layer.weights
    assert kernel.numpy().min() == bias.numpy().min() == 1
    assert not pointwise.numpy().any()
    names = [type(w.constraint).__name__ for w in layer.weights]
    assert names == ["NonNeg", "MaxNorm", "UnitNorm"]


@pytest.mark.parametrize(
    "alias", ["Convolution1D", "Convolution2DTranspose", "SeparableConvolution2D"]
)
def test_aliases(alias):
    assert getattr(hb.layers, alias) is getattr(hb.layers, alias.replace("olution", ""))


def test_mixed_precision_runs():
    y = hb.layers.Conv2D(3, 2, dtype="mixed_bfloat16")(data(2, 6, 5, 4))
    assert y.dtype == "bfloat16"
    assert np.isfinite(np.asarray(y, "float32")).all()


def test_trains_in_fit():
    x = data(16, 6, 5, 4)
    y = x.mean((1, 2, 3)) > 0
    model = hb.Sequential(
        [
            hb.layers.Conv2D(4, 3, padding="same", activation="relu"),
            hb.layers.SeparableConv2D(4, 3, strides=2),
            hb.layers.Conv2DTranspose(2, 2, strides=2),
            hb.layers.DepthwiseConv2D(2),
            hb.layers.GlobalMaxPooling2D(),
            hb.layers.Dense(1),
        ]
    )
    model.compile("adam", hb.losses.BinaryCrossentropy(from_logits=True))
    model.build(x.shape)
    before = [w.numpy() for w in model.weights]
    model.fit(x, y.astype("float32"), epochs=1, batch_size=8, verbose=0)
    for old, new in zip(before, model.weights, strict=True):
        assert np.abs(old - new.numpy()).max() > 0, new.path


WRONG = [
    ("Conv2D", {"filters": 0, "kernel_size": 3}, r"Conv2D's filters is a positive int.*filters=0"),
    ("Conv2D", {"filters": 2.0, "kernel_size": 3}, "filters is a positive int"),
    ("Conv2D", {"filters": 3, "kernel_size": (1, 2, 3)}, r"kernel_size is an int .* tuple of 2"),
    (
        "Conv2D",
        {"filters": 3, "kernel_size": (3, 0)},
        r"at least 1.*kernel_size=\(3, 0\)",
    ),
    ("Conv1D", {"filters": 3, "kernel_size": 3, "strides": "2"}, "strides is an int"),
    (
        "Conv2D",
        {"filters": 3, "kernel_size": 3, "groups": 2},
        "multiple of its groups",
    ),
    (
        "Conv2D",
        {"filters": 3, "kernel_size": 3, "padding": "causal"},
        "'valid' or 'same'",
    ),
    ("Conv1D", {"filters": 3, "kernel_size": 3, "padding": "full"}, "padding='full'"),
    (
        "Conv1D",
        {"filters": 3, "kernel_size": 3, "strides": 2, "dilation_rate": 2},
        "strides or a dilation_rate above 1, not both",
    ),
    ("Conv1D", {"filters": 3, "kernel_size": 3, "data_format": "NCW"}, "data_format is"),
    (
        "Conv1DTranspose",
        {"filters": 3, "kernel_size": 3, "strides": 2, "output_padding": 2},
        "output_padding is less than the strides",
    ),
    ("DepthwiseConv2D", {"kernel_size": 3, "depth_multiplier": 0}, "depth_multiplier=0"),
    ("SeparableConv1D", {"filters": 3, "kernel_size": 3, "depth_multiplier": -1}, "positive int"),
    ("Conv2D", {"filters": 3, "kernel_size": 3, "rate": 2}, "unknown arguments: rate"),
]


@pytest.mark.parametrize(("name", "settings", "message"), WRONG)
def test_refuses_settings(name, settings, message):
    with pytest.raises((ValueError, TypeError), match=message):
        getattr(hb.layers, name)(**settings)


@pytest.mark.parametrize(
    ("settings", "shape", "message"),
    [
        ({}, (2, 6, 4), "expected 4 dimensions, got 3"),
        ({"groups": 3}, (2, 6, 5, 4), "'conv'.*groups must divide the input's channels"),
        ({}, (2, 2, 2, 4), "the kernel is larger than the inputs"),
    ],
)
def test_refuses_inputs_and_still_works(settings, shape, message):
    layer = hb.layers.Conv2D(3, 3, **settings, name="conv")
    with pytest.raises(ValueError, match=message):
        layer(np.zeros(shape, "float32"))
    assert not layer.built
    assert layer(data(1, 3, 3, 3)).shape == (1, 1, 1, 3)


def test_needs_channels():
    with pytest.raises(ValueError, match=r"needs the number of channels \(axis -1"):
        hb.layers.Conv1D(3, 3)(hb.Input((7, None)))


def test_other_channels_are_refused_after_the_build():
    layer = hb.layers.Conv2D(3, 3)
    layer(data(2, 6, 5, 4))
    with pytest.raises(ValueError, match="expected axis -1 to have size 4, got 2"):
        layer(data(2, 6, 5, 2))


def test_layout_in_force_is_written_to_the_config():
    hb.config.set_image_data_format("channels_first")
    try:
        layers = [hb.layers.Conv2D(3, 3), hb.layers.MaxPooling2D()]
    finally:
        hb.config.set_image_data_format("channels_last")
    assert [layer.get_config()["data_format"] for layer in layers] == ["channels_first"] * 2
