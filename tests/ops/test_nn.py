import itertools

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

import hornbill as hb
from hornbill.engine.symbolic import SymbolicTensor

from .comparison import Case, check_again, floats, ids, of

compare = of(keras.ops.nn, hb.ops.nn)
again = of(keras.ops.nn, hb.ops.nn, check_again)

X = floats(4, 6)
PROBABILITIES = np.asarray(jax.nn.softmax(X))
LABELS = np.array([1, 0, 5, 9])  # the last is no class
ONE_HOT = np.eye(6, dtype="float32")[[1, 0, 5, 3]]
IMAGES = floats(2, 6, 6, 4)
FIRST = np.moveaxis(IMAGES, -1, 1).copy()
LINES = floats(2, 7, 4)
VOLUMES = floats(2, 4, 4, 4, 2)
LAST, CHANNELS = {"data_format": "channels_last"}, {"data_format": "channels_first"}

ACTIVATIONS = [
    *(Case(name, (X,)) for name in "relu relu6 sigmoid sparse_sigmoid softplus softsign".split()),
    *(Case(name, (X,)) for name in "soft_shrink sparse_plus silu swish squareplus".split()),
    *(Case(name, (X,)) for name in "log_sigmoid leaky_relu hard_sigmoid hard_silu".split()),
    *(Case(name, (X,)) for name in "hard_swish elu selu gelu celu glu tanh_shrink".split()),
    *(Case(name, (X,)) for name in "hard_tanh hard_shrink softmax log_softmax".split()),
    Case("soft_shrink", (X,), {"threshold": 1.0}),
    Case("hard_shrink", (X,), {"threshold": 1.0}),
    Case("threshold", (X,), {"threshold": 0.5, "default_value": -3.0}),
    Case("squareplus", (X,), {"b": 1}),
    Case("leaky_relu", (X,), {"negative_slope": 0.5}),
    Case("elu", (X,), {"alpha": 0.5}),
    Case("celu", (X,), {"alpha": 0.5}),
    Case("gelu", (X,), {"approximate": False}),
    Case("glu", (X,), {"axis": 0}, batched=()),
    Case("softmax", (X,), {"axis": 0}),
    Case("log_softmax", (X,), {"axis": 0}),
]


@pytest.mark.parametrize("case", ACTIVATIONS, ids=ids)
def test_activations(case):
    compare(case)


@pytest.mark.parametrize("name", ["relu", "gelu", "softmax", "hard_shrink"])
def test_16_bits(name):
    compare(Case(name, (jnp.asarray(X, "bfloat16"),), tolerance=0.02))


def test_sparsemax_is_a_projection():
    # The nearest point of the simplex: x minus a constant, cut at 0, with sum 1. (Keras's
    # sparsemax sums to 1 only where a single value is left: it adds up sums of sums.)
    result = np.asarray(hb.ops.sparsemax(X))
    np.testing.assert_allclose(hb.ops.sparsemax(X.T, axis=0).T, result, atol=1e-6)
    assert hb.ops.sparsemax(SymbolicTensor((None, 6))).shape == (None, 6)
    np.testing.assert_allclose(result.sum(-1), 1, rtol=1e-5)
    for row, x in zip(result, X, strict=True):
        inside = row > 0
        shift = (x - row)[inside]
        np.testing.assert_allclose(shift, shift[0], atol=1e-5)
        assert (x[~inside] <= shift[0] + 1e-5).all()


LOGITS = {"from_logits": True}
LOSSES = [
    Case("categorical_crossentropy", (ONE_HOT, PROBABILITIES), {}, (0, 1), (1,)),
    Case("categorical_crossentropy", (ONE_HOT, X), LOGITS, (0, 1), (0, 1)),
    Case("categorical_crossentropy", (ONE_HOT, PROBABILITIES), {"axis": 0}, (), (1,)),
    Case("sparse_categorical_crossentropy", (LABELS, PROBABILITIES), {}, (0, 1), (1,)),
    Case("sparse_categorical_crossentropy", (LABELS[:, None], X), LOGITS, (0, 1), (1,)),
    Case("binary_crossentropy", (ONE_HOT, PROBABILITIES), {}, (0, 1), (1,)),
    Case("binary_crossentropy", (ONE_HOT, X), LOGITS, (0, 1), (1,)),
    Case("psnr", (X, X[::-1].copy(), 2.0), {}, (), (0,)),
]  # fmt: skip


@pytest.mark.parametrize("case", LOSSES, ids=ids)
def test_losses(case):
    compare(case)


def test_losses_at_the_ends_of_probability():
    # Certain and wrong is a large loss, not an infinite one.
    target, output = np.eye(2, dtype="float32"), np.eye(2, dtype="float32")[::-1].copy()
    for name in ("categorical_crossentropy", "binary_crossentropy"):
        ours, theirs = getattr(hb.ops, name), getattr(keras.ops, name)
        np.testing.assert_allclose(ours(target, output), theirs(target, output), rtol=1e-6)
        assert np.isfinite(np.asarray(ours(target, output))).all()


@pytest.mark.parametrize(
    ("name", "target", "output", "match"),
    [
        ("categorical_crossentropy", ONE_HOT, X[:, :5], "same shape"),
        ("binary_crossentropy", ONE_HOT[:, :1], X, r"target.shape=\(4, 1\)"),
        ("sparse_categorical_crossentropy", np.array([1, 2]), X, r"a target of shape \(4,\)"),
    ],
)
def test_losses_refuse_shapes(name, target, output, match):
    with pytest.raises(ValueError, match=match):
        getattr(hb.ops, name)(target, output)


ENCODINGS = [
    Case("one_hot", (np.array([1, -1, 7, 3]), 5), {}, (0,), ()),
    Case("one_hot", (np.array([[1, 0], [2, 4]]), 5), {"axis": 1, "dtype": "int32"}, (0,), ()),
    Case("multi_hot", (np.array([[1, 0], [2, 2]]), 5), {}, (0,), ()),
    Case("multi_hot", (np.array([[1, 0], [2, 2]]), 5), {"dtype": "int32"}, (0,), ()),
    Case("multi_hot", (np.array([1, 3]), 5), {}, (), ()),
]


@pytest.mark.parametrize("case", ENCODINGS, ids=ids)
def test_encodings(case):
    compare(case)


def test_encodings_refuse():
    with pytest.raises(ValueError, match="dense tensors only"):
        hb.ops.one_hot([1], 3, sparse=True)
    with pytest.raises(ValueError, match="num_classes"):
        hb.ops.multi_hot([1])
    assert hb.ops.multi_hot([[1]], num_tokens=3).shape == (1, 3)


*MOMENTS, SCALE, OFFSET = (floats(4, seed=i, low=0.5) for i in range(1, 5))
MATRICES = floats(6, 4), floats(6, 4, seed=1)
NORMALIZATIONS = [
    Case("moments", (X, [1])),
    Case("moments", (IMAGES, (0, 1, 2)), {"keepdims": True}, ()),
    Case("moments", (jnp.asarray(X, "float16"), [1]), {}, (0,), (), 1e-3),
    Case("batch_normalization", (IMAGES, *MOMENTS, -1, OFFSET, SCALE), {}, (0,), (0, 1, 2, 4, 5)),
    Case("batch_normalization", (FIRST, *MOMENTS, 1), {"epsilon": 0.1}, (0,), (0, 1, 2)),
    Case("layer_normalization", (IMAGES, SCALE, OFFSET), {}, (0,), (0, 1, 2)),
    Case("layer_normalization", (IMAGES, *MATRICES), {"axis": (2, 3)}, (0,), (0, 1, 2)),
    Case("layer_normalization", (IMAGES, floats(6)), {"axis": 1, "epsilon": 0.1}, (0,), (0, 1)),
    Case("layer_normalization", (jnp.asarray(X, "bfloat16"),), {}, (0,), (), 0.02),
    Case("rms_normalization", (IMAGES, SCALE), {}, (0,), (0, 1)),
    Case("rms_normalization", (IMAGES,), {"axis": (1, 2), "epsilon": 0.1}),
    Case("normalize", (X,)),
    Case("normalize", (X,), {"order": 1, "axis": 0}),
    Case("normalize", (X,), {"order": 3, "epsilon": 5.0}),
]  # fmt: skip


@pytest.mark.parametrize("case", NORMALIZATIONS, ids=ids)
def test_normalizations(case):
    compare(case)


def test_normalizations_refuse():
    with pytest.raises(ValueError, match="order is an int"):
        hb.ops.normalize(X, order=0)
    with pytest.raises(ValueError, match="rms_normalization"):
        hb.ops.layer_normalization(X, rms_scaling=True)
    with pytest.raises(ValueError, match="synchronized"):
        hb.ops.moments(X, [0], synchronized=True)


SMALL, WIDE = floats(3, 3, 4, 2), floats(3, 2, 5, 4)
SAME = {"padding": "same", "strides": 2}
CONVOLUTIONS = [
    Case("conv", (LINES, floats(3, 4, 5)), {}, (0,), (0, 1)),
    Case("conv", (LINES, floats(3, 4, 5)), {"padding": "same", "strides": 2, **LAST}),
    Case("conv", (IMAGES, floats(3, 2, 4, 5)), {"strides": (2, 1)}, (0,), (0, 1)),
    Case("conv", (IMAGES, floats(3, 2, 2, 6)), {"padding": "same"}, (0,), (0, 1)),
    Case("conv", (FIRST, floats(3, 2, 4, 5)), {"dilation_rate": 2, **CHANNELS}),
    Case("conv", (VOLUMES, floats(2, 2, 2, 2, 3)), {"strides": 2}),
    Case("depthwise_conv", (LINES, floats(3, 4, 2))),
    Case("depthwise_conv", (IMAGES, floats(3, 3, 4, 2)), {"padding": "same"}, (0,), (0, 1)),
    Case("depthwise_conv", (FIRST, floats(3, 3, 4, 2)), {"strides": 2, **CHANNELS}),
    Case("separable_conv", (IMAGES, SMALL, floats(1, 1, 8, 3)), SAME, (0,), (0, 1, 2)),
    Case("separable_conv", (LINES, floats(3, 4, 2), floats(1, 8, 3)), {"dilation_rate": 2}),
    Case("conv_transpose", (LINES, floats(3, 5, 4)), {"strides": 2}, (0,), (0, 1)),
    Case("conv_transpose", (IMAGES, WIDE), {**SAME, "strides": (2, 3)}, (0,), (0, 1)),
    Case("conv_transpose", (IMAGES, floats(2, 2, 5, 4)), {"strides": 3, "output_padding": 1}),
    Case("conv_transpose", (FIRST, WIDE), {**SAME, "output_padding": (0, 1), **CHANNELS}),
    Case("conv_transpose", (IMAGES, floats(2, 3, 5, 4)), {"dilation_rate": 2}),
]  # fmt: skip

# Keras's own default of strides fails for an int pool_size, so its calls spell it out.
POOLS = [
    Case(f"{kind}_pool", (x,), {"pool_size": size, "strides": strides, **rest})
    for kind in ("max", "average")
    for x, size, strides, rest in [
        (LINES, (3,), (3,), {}),
        (IMAGES, 2, 2, LAST),
        (IMAGES, (4, 3), (4, 3), {"padding": "same"}),
        (IMAGES, (3, 2), (1, 2), {"padding": "same"}),
        (FIRST, 2, 2, CHANNELS),
        (VOLUMES, 2, 1, {}),
    ]
]  # fmt: skip


@pytest.mark.parametrize("case", CONVOLUTIONS + POOLS, ids=ids)
def test_convolution_and_pooling(case):
    compare(case)


ADAPTIVE = [
    Case(f"adaptive_{kind}_pool", (x,), {"output_size": size, **layout})
    for kind in ("max", "average")
    for x, size, layout in [
        (LINES, 3, {}),
        (IMAGES, (4, 2), LAST),
        (FIRST, 4, CHANNELS),
        (VOLUMES, 3, {}),
    ]
]


@pytest.mark.parametrize("case", ADAPTIVE, ids=ids)
def test_adaptive_pooling(case):
    compare(case)


def test_adaptive_pooling_to_the_same_size():
    # Keras gives NaN here.
    assert np.array_equal(hb.ops.adaptive_max_pool(LINES, 7), LINES)


def test_unknown_heights():
    x = SymbolicTensor((None, None, None, 4))
    kernel = floats(3, 3, 4, 5)
    assert hb.ops.conv(x, kernel).shape == (None, None, None, 5)
    assert hb.ops.conv_transpose(x, floats(3, 3, 5, 4), 2).shape == (None, None, None, 5)
    assert hb.ops.max_pool(x, 2).shape == (None, None, None, 4)
    assert hb.ops.average_pool(x, 2, padding="same").shape == (None, None, None, 4)
    assert hb.ops.adaptive_average_pool(x, 3).shape == (None, 3, 3, 4)


ATTENTION = [
    ("plain", {}),
    ("mask", {"mask": np.random.default_rng(0).random((2, 1, 3, 5)) < 0.7}),
    ("bias", {"bias": floats(2, 4, 3, 5)}),
    ("causal", {"is_causal": True}),
    ("scale", {"scale": 0.1, "flash_attention": False}),
]


@pytest.mark.parametrize(("name", "kwargs"), ATTENTION)
def test_attention(name, kwargs):
    query, key, value = floats(2, 3, 4, 8), floats(2, 5, 4, 8, seed=1), floats(2, 5, 4, 8, seed=2)
    batched = (0, 1, 2) if name in ("plain", "causal", "scale") else ()
    compare(Case("dot_product_attention", (query, key, value), kwargs, batched, (0, 1, 2)))


def test_grouped_query_attention():
    query, shared = floats(1, 3, 4, 8), floats(1, 5, 2, 8)
    repeated = np.repeat(shared, 2, axis=2)
    np.testing.assert_allclose(
        hb.ops.dot_product_attention(query, shared, shared),
        hb.ops.dot_product_attention(query, repeated, repeated),
        rtol=1e-5,
    )


def test_attention_refuses():
    with pytest.raises(ValueError, match="no soft cap"):
        hb.ops.dot_product_attention(IMAGES, IMAGES, IMAGES, attn_logits_soft_cap=1.0)
    with pytest.raises(ValueError, match="batch, length, heads, dim"):
        hb.ops.dot_product_attention(X, X, X)


COLUMNS = floats(2, 16, 25)
ARRANGEMENTS = [
    Case("unfold", (FIRST,), {"kernel_size": 2}),
    Case("unfold", (FIRST,), {"kernel_size": (3, 2), "stride": 2, "padding": 1}),
    Case("unfold", (FIRST,), {"kernel_size": 2, "dilation": (2, 1)}),
    Case("fold", (COLUMNS,), {"output_size": 6, "kernel_size": 2}),
    Case("fold", (COLUMNS,), {"output_size": (8, 8), "kernel_size": 2, "stride": 2, "padding": 1}),
    Case("depth_to_space", (IMAGES,), {"block_size": 2}),
    Case("depth_to_space", (FIRST,), {"block_size": 2, **CHANNELS}),
    Case("space_to_depth", (IMAGES,), {"block_size": 3}),
    Case("space_to_depth", (FIRST,), {"block_size": 2, **CHANNELS}),
    Case("polar", (X, X[::-1].copy()), {}, (0, 1), ()),
]


@pytest.mark.parametrize("case", ARRANGEMENTS, ids=ids)
def test_arrangements(case):
    compare(case)


def test_arrangements_refuse():
    with pytest.raises(ValueError, match="unfolds to"):
        hb.ops.fold(COLUMNS, 7, 2)
    with pytest.raises(ValueError, match="block_size of at least 2"):
        hb.ops.space_to_depth(IMAGES, 1)


SPEECH = floats(3, 7, 4)
TARGETS, TARGET_LENGTHS = np.array([[1, 2, 2], [3, 1, 0], [2, 0, 0]]), np.array([3, 2, 1])
LENGTHS = np.array([7, 5, 3])


def test_ctc_loss():
    args = (TARGETS, SPEECH, TARGET_LENGTHS, LENGTHS)
    compare(Case("ctc_loss", args, {}, (0, 1, 2, 3), (1,)))


def test_ctc_loss_is_the_sum_over_alignments():
    steps, classes = 4, 3
    logits = floats(1, steps, classes, seed=3)
    logs = np.asarray(jax.nn.log_softmax(logits))[0]

    def spelled(path):
        return [label for label, _ in itertools.groupby(path) if label != 0]

    for labels in ([], [1], [1, 1], [2, 1]):
        probability = sum(
            np.exp(logs[range(steps), path].sum())
            for path in map(list, itertools.product(range(classes), repeat=steps))
            if spelled(path) == labels
        )
        target = np.array([(labels + [0, 0])[:2]])
        loss = hb.ops.ctc_loss(target, logits, [len(labels)], [steps])
        np.testing.assert_allclose(loss[0], -np.log(probability), rtol=1e-5)


@pytest.mark.parametrize(
    "kwargs",
    [
        {},
        {"merge_repeated": False},
        {"mask_index": 3},
        {"strategy": "beam_search", "beam_width": 4, "top_paths": 2},
        {"strategy": "beam_search", "beam_width": 16, "top_paths": 3, "mask_index": 3},
    ],
)
def test_ctc_decode(kwargs):
    compare(Case("ctc_decode", (SPEECH, LENGTHS), kwargs, (), (), 1e-4))
    inferred = hb.ops.ctc_decode(
        SymbolicTensor((None, 7, 4)), SymbolicTensor((None,), "int32"), **kwargs
    )
    count = kwargs.get("top_paths", 1)
    assert inferred[0].shape == (count, None, 7)
    assert inferred[1].shape == (None, count)


def test_ctc_decode_refuses():
    with pytest.raises(ValueError, match="'greedy' or 'beam_search'"):
        hb.ops.ctc_decode(SPEECH, LENGTHS, strategy="best")
    with pytest.raises(ValueError, match="at most beam_width"):
        hb.ops.ctc_decode(SPEECH, LENGTHS, strategy="beam_search", beam_width=2, top_paths=3)


@pytest.mark.parametrize(
    "case",
    [
        *ACTIVATIONS,
        *LOSSES,
        *ENCODINGS,
        *NORMALIZATIONS,
        *CONVOLUTIONS,
        *POOLS,
        *ADAPTIVE,
        *ARRANGEMENTS,
    ],
    ids=ids,
)
def test_another_shape_and_dtype(case):
    again(case)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_zeros_are_normalized_to_zeros(dtype):
    assert not np.asarray(hb.ops.normalize(np.zeros((2, 3)).astype(dtype))).any()
