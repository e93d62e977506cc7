import jax
import keras
import numpy as np
import pytest
from keras_parity import check, data, pair, run

import hornbill as hb

X = {2: data(6, 4), 3: data(3, 7, 4), 4: data(2, 6, 5, 4)}
MASK = np.arange(7) < np.array([[3], [7], [1]])
CLIP = {"rmin": 0.5, "rmax": 1.5, "dmax": 0.3}

CASES = [
    ("BatchNormalization", 2, {}, {"training": True}),
    ("BatchNormalization", 2, {"momentum": 0.9, "epsilon": 1e-4}, {"training": False}),
    ("BatchNormalization", 4, {"axis": 1, "center": False}, {"training": True}),
    ("BatchNormalization", 4, {"axis": -2, "scale": False}, {"training": False}),
    ("BatchNormalization", 3, {"momentum": 0.5}, {"training": True, "mask": MASK}),
    ("BatchNormalization", 3, {}, {"training": False, "mask": MASK}),
    ("BatchNormalization", 3, {"trainable": False}, {"training": True}),
    ("BatchNormalization", 2, {"renorm": True}, {"training": True}),
    ("BatchNormalization", 2, {"renorm": True}, {"training": False}),
    (
        "BatchNormalization",
        4,
        {
            "renorm": True,
            "renorm_clipping": CLIP,
            "renorm_momentum": 0.8,
            "center": False,
            "scale": False,
        },
        {"training": True},
    ),
    ("LayerNormalization", 3, {}, {}),
    ("LayerNormalization", 3, {"axis": 1, "center": False, "epsilon": 1e-5}, {}),
    ("LayerNormalization", 4, {"axis": [3, 1], "scale": False}, {}),
    ("LayerNormalization", 4, {"axis": [-2, -1]}, {}),
    ("GroupNormalization", 4, {"groups": 2}, {}),
    ("GroupNormalization", 4, {"groups": -1, "axis": 1, "scale": False}, {}),
    ("GroupNormalization", 2, {"groups": 1, "center": False, "epsilon": 1e-2}, {}),
    ("GroupNormalization", 3, {"groups": 7, "axis": 1}, {}),
    ("RMSNormalization", 3, {}, {}),
    ("RMSNormalization", 4, {"axis": [2, 3], "epsilon": 0.1}, {}),
    ("UnitNormalization", 3, {}, {}),
    ("UnitNormalization", 4, {"axis": [1, 2]}, {}),
]


@pytest.mark.parametrize(("name", "rank", "settings", "arguments"), CASES)
def test_equals_keras(name, rank, settings, arguments):
    x = X[rank]
    weighted = settings.get("axis", -1)
    weighted = {a % rank for a in (weighted if isinstance(weighted, list) else [weighted])}
    unknown = tuple(a for a in range(1, rank) if a not in weighted)
    check(name, settings, x, unknown=unknown, rtol=3e-5, **arguments)


def test_axes_in_any_order_and_sign():
    x = X[4]
    expected = hb.layers.LayerNormalization(axis=(1, 3))(x)
    np.testing.assert_allclose(hb.layers.LayerNormalization(axis=[-1, 1])(x), expected)
    rms = hb.layers.RMSNormalization(axis=1)  # Keras's scale does not fit here
    by_hand = X[3] / np.sqrt((X[3] ** 2).mean(1, keepdims=True) + 1e-6)
    np.testing.assert_allclose(rms(X[3]), by_hand, rtol=1e-5)


def test_16_bit_inputs_are_normalized_in_float32():
    x = X[2] * 200 + 3000
    for make in (hb.layers.LayerNormalization, hb.layers.GroupNormalization):
        settings = {"groups": 2} if make is hb.layers.GroupNormalization else {}
        half = make(**settings, dtype="mixed_float16")(x)
        assert half.dtype == "float16"
        np.testing.assert_allclose(half, make(**settings)(x), atol=2e-3)
    y = hb.layers.BatchNormalization(dtype="mixed_float16")(x, training=True)
    assert y.dtype == "float16"
    exact = hb.layers.BatchNormalization()(np.float16(x).astype("float32"), training=True)
    np.testing.assert_allclose(y, exact, atol=2e-3)


def test_batch_statistics_move_in_fit_and_serve_predict():
    x, y = X[2] * 3 + 5, X[2][:, :1]
    weights = None
    got = {}
    for lib in (keras, hb):
        model = lib.Sequential(
            [lib.layers.BatchNormalization(momentum=0.5), lib.layers.Dense(1)],
        )
        model.build(x.shape)
        weights = weights or [w + 0.1 for w in model.get_weights()]
        model.set_weights(weights)
        model.compile(lib.optimizers.SGD(0.05), "mse")
        model.fit(x, y, batch_size=3, epochs=2, shuffle=False, verbose=0)
        got[lib] = [*model.get_weights(), model.predict(x, verbose=0)]
    for ours, theirs in zip(got[hb], got[keras], strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)


def test_frozen_batch_normalization_keeps_its_statistics():
    layer = hb.layers.BatchNormalization()
    layer(X[2], training=True)
    layer.trainable = False
    before = layer.get_weights()
    y = layer(X[2], training=True)
    np.testing.assert_allclose(y, layer(X[2], training=False))
    for old, new in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_masks_go_on():
    inputs = hb.layers.Masking()(X[3] * MASK[..., None])
    for name in ("BatchNormalization", "LayerNormalization", "UnitNormalization"):
        outputs = getattr(hb.layers, name)()(inputs)
        np.testing.assert_array_equal(hb.engine.beside.get_mask(outputs), MASK)


@pytest.mark.parametrize(
    ("inner", "x"), [("Dense", X[2]), ("Conv2D", X[4])], ids=["Dense", "Conv2D"]
)
@pytest.mark.parametrize("training", [True, False])
def test_spectral_normalization_equals_keras(inner, x, training):
    both = []
    for lib in (hb, keras):
        layer = getattr(lib.layers, inner)(*((3,) if inner == "Dense" else (3, 2)))
        both.append(lib.layers.SpectralNormalization(layer, power_iterations=2, name="outer"))
        both[-1].build(x.shape)
    ours, theirs = both
    assert [w.name for w in ours.weights] == [w.name for w in theirs.weights]
    theirs.set_weights([data(*w.shape) for w in theirs.weights])
    ours.set_weights(theirs.get_weights())
    got, expected = run(ours, x, training=training), run(theirs, x, training=training)
    for one, other in zip(jax.tree.leaves(got), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
    again = type(ours).from_config(ours.get_config())
    assert again.get_config() == ours.get_config()
    assert ours(hb.Input(x.shape[1:])).shape == (None, *got["output"].shape[1:])


def test_spectral_norm_is_one_after_training_steps():
    layer = hb.layers.SpectralNormalization(hb.layers.Dense(3, dtype="mixed_bfloat16"))
    for _ in range(30):
        layer(X[2], training=True)
    assert layer.kernel._stored().dtype == "float32"
    assert np.linalg.norm(layer.layer.kernel.numpy(), 2) == pytest.approx(1, rel=1e-3)


def test_spectral_normalization_leaves_zeros_alone():
    layer = hb.layers.SpectralNormalization(hb.layers.Dense(3, kernel_initializer="zeros"))
    layer.build(X[2].shape)
    before = layer.get_weights()
    assert not np.asarray(layer(X[2], training=True)).any()
    for old, new in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_spectral_normalization_of_an_embedding():
    layer = hb.layers.SpectralNormalization(hb.layers.Embedding(5, 3), power_iterations=20)
    ids = np.array([[0, 4]])
    y = layer(ids, training=True)
    assert y.dtype == "float32"
    np.testing.assert_allclose(y[0], layer.kernel.numpy()[[0, 4]], rtol=1e-6)


def test_keras_2_axis_lists():
    ours, theirs = pair("BatchNormalization", {"axis": -1}, (6, 4))
    assert hb.layers.BatchNormalization(axis=[1]).axis == 1
    assert ours.axis == theirs.axis


WRONG = [
    ("BatchNormalization", {"axis": (1, 2)}, r"axis is an int. Received: axis=\(1, 2\)"),
    ("BatchNormalization", {"momentum": 1.5}, "momentum is a number from 0 to 1.*1.5"),
    ("BatchNormalization", {"renorm_momentum": "0.9"}, "renorm_momentum"),
    ("BatchNormalization", {"epsilon": -1e-3}, "epsilon is a number of at least 0"),
    ("BatchNormalization", {"synchronized": True}, "no synchronized=True"),
    (
        "BatchNormalization",
        {"renorm": True, "renorm_clipping": {"rmax": 1.0, "rmin": 2.0}},
        "'rmin' <= 'rmax'",
    ),
    ("BatchNormalization", {"renorm": True, "renorm_clipping": {"max": 1}}, "renorm_clipping"),
    ("LayerNormalization", {"axis": 1.0}, "LayerNormalization's axis is an int, or a list"),
    ("LayerNormalization", {"rms_scaling": True}, "use RMSNormalization"),
    ("GroupNormalization", {"groups": 0}, "groups is a positive int, or -1.*groups=0"),
    ("GroupNormalization", {"axis": [1]}, "GroupNormalization's axis is an int"),
    ("RMSNormalization", {"axis": None}, "axis=None"),
    ("RMSNormalization", {"epsilon": None}, "epsilon=None"),
    ("UnitNormalization", {"axis": "channels"}, "axis='channels'"),
    ("SpectralNormalization", {"layer": "dense"}, "wraps a layer"),
    (
        "SpectralNormalization",
        {"layer": keras.utils.to_categorical, "power_iterations": 1},
        "wraps a layer",
    ),
]


@pytest.mark.parametrize(("name", "settings", "message"), WRONG)
def test_refuses_settings(name, settings, message):
    with pytest.raises((ValueError, TypeError), match=message):
        getattr(hb.layers, name)(**settings)


INPUTS = [
    (hb.layers.LayerNormalization, {"axis": 3}, "'norm'.*axis lies outside.*axis=3"),
    (hb.layers.BatchNormalization, {"axis": -4}, "lies outside the input's 3 dimensions"),
    (hb.layers.GroupNormalization, {"groups": 3}, "groups must divide the channels.*groups=3"),
    (hb.layers.GroupNormalization, {"groups": 3, "axis": 0}, "cannot be the batch axis"),
]


@pytest.mark.parametrize(("make", "settings", "message"), INPUTS)
def test_refuses_inputs(make, settings, message):
    with pytest.raises(ValueError, match=message):
        make(**settings, name="norm")(X[3])


def test_refuses_unknown_sizes_masks_and_layers():
    with pytest.raises(ValueError, match="needs the size of axis 1"):
        hb.layers.BatchNormalization(axis=1)(hb.Input((None, 4)))
    with pytest.raises(ValueError, match="a mask with one dimension less"):
        hb.layers.BatchNormalization()(X[3], mask=hb.ops.array(MASK[:, 0]))
    with pytest.raises(ValueError, match="power_iterations is a positive int"):
        hb.layers.SpectralNormalization(hb.layers.Dense(2), power_iterations=0)
    with pytest.raises(ValueError, match=r"'outer'.*a layer with a kernel or embeddings"):
        hb.layers.SpectralNormalization(hb.layers.Flatten(), name="outer")(X[3])
