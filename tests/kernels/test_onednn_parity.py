"""oneDNN's convolutions in a program, against the program with XLA's."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from jax.extend.core import jaxpr_as_fun
from kernel_parity import normal

import hornbill as hb
from hornbill.engine import compile as compiler
from hornbill.engine import onednn, substitute
from hornbill.kernels.conv import conv, conv_transpose, depthwise_conv
from hornbill.kernels.pooling import max_pool

pytestmark = pytest.mark.skipif(not onednn.available(), reason="oneDNN is for Linux on x86-64")


@pytest.fixture(autouse=True)
def _all_sizes(monkeypatch):
    monkeypatch.setattr(substitute, "LEAST_PRODUCTS", 0)


def calls(jaxpr) -> int:
    """How many calls of oneDNN a program has, those in its loops and branches included."""
    inner = sum(calls(p) for e in jaxpr.eqns for p in jax.extend.core.jaxprs_in_params(e.params))
    return inner + sum(e.primitive.name == "ffi_call" for e in jaxpr.eqns)


def check(function, *args, expected: int, left=None, threads=2):
    """A function's program with oneDNN has so many calls of it, and the same results.

    `left` is how many elementwise operations it has besides.
    """
    plain = jax.make_jaxpr(function)(*args)
    program = substitute.with_onednn(plain, threads)
    assert calls(program.jaxpr) == expected
    if left is not None:
        others = ("add", "mul", "sub", "max", "jit", "custom_jvp_call")
        assert sum(e.primitive.name in others for e in program.jaxpr.eqns) == left
    leaves = jax.tree.leaves(args)
    results = jax.jit(jaxpr_as_fun(program))(*leaves)
    for got, right in zip(results, jax.jit(jaxpr_as_fun(plain))(*leaves), strict=True):
        np.testing.assert_allclose(got, right, rtol=1e-4, atol=2e-5 * (1 + abs(right).max()))


def value_and_gradients(function):
    """The value and the gradients for both arguments, for a cotangent that is not constant."""

    def run(x, kernel):
        y, pullback = jax.vjp(function, x, kernel)
        return y, pullback(jnp.cos(jnp.arange(y.size, dtype=y.dtype)).reshape(y.shape))

    return run


IMAGES = {
    "one step": ((2, 9, 11, 3), (3, 3, 3, 5), {}),
    "same": ((2, 9, 11, 3), (3, 3, 3, 5), {"padding": "same"}),
    "even kernel": ((2, 8, 7, 2), (2, 4, 2, 3), {"padding": "same"}),
    "strides": ((3, 11, 10, 4), (3, 3, 4, 6), {"strides": 2, "padding": "same"}),
    "strides that leave rows": ((3, 12, 9, 4), (3, 2, 4, 6), {"strides": (4, 3)}),
    "one place, strides": ((2, 8, 9, 4), (1, 1, 4, 3), {"strides": 2}),
    "strides above the kernel": ((2, 10, 11, 2), (2, 1, 2, 3), {"strides": 3}),
    "dilation": ((2, 13, 12, 3), (3, 2, 3, 4), {"dilation_rate": (2, 3)}),
    "dilation, same": ((2, 9, 8, 3), (3, 3, 3, 4), {"dilation_rate": 2, "padding": "same"}),
    "kernel of the inputs' size": ((2, 5, 4, 3), (5, 4, 3, 7), {}),
    "one channel": ((2, 9, 9, 1), (3, 3, 1, 1), {}),
    "sequence": ((3, 17, 4), (5, 4, 6), {"strides": 2}),
    "causal length": ((3, 17, 4), (3, 4, 16), {"padding": "same", "dilation_rate": 2}),
    "volume": ((2, 6, 5, 7, 3), (3, 2, 3, 3, 4), {"padding": "same"}),
    "volume, strides": ((2, 6, 5, 7, 3), (2, 2, 3, 3, 4), {"strides": (2, 1, 2)}),
}


@pytest.mark.parametrize(("inputs", "kernel", "options"), IMAGES.values(), ids=IMAGES)
def test_convolution_and_its_gradients(inputs, kernel, options):
    function = value_and_gradients(lambda x, w: conv(x, w, **options))
    check(function, normal(0, *inputs), normal(1, *kernel), expected=3)


@pytest.mark.parametrize("options", [{}, {"padding": "same"}])
def test_groups(options):
    function = value_and_gradients(lambda x, w: conv(x, w, **options))
    check(function, normal(0, 2, 8, 7, 6), normal(1, 3, 3, 2, 9), expected=3)


def test_groups_with_strides():
    """Their gradient for the inputs stays XLA's."""
    function = value_and_gradients(lambda x, w: conv(x, w, strides=2))
    check(function, normal(0, 2, 8, 7, 6), normal(1, 3, 3, 2, 9), expected=2)


def test_depthwise():
    function = value_and_gradients(lambda x, w: depthwise_conv(x, w, padding="same"))
    check(function, normal(0, 2, 8, 7, 6), normal(1, 3, 3, 6, 2), expected=3)


@pytest.mark.parametrize("strides", [1, 2, (3, 2)])
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_transposed(strides, padding):
    """A transposed convolution and its gradient for the inputs; that for its kernel is XLA's."""
    function = value_and_gradients(lambda x, w: conv_transpose(x, w, strides, padding))
    count = 3 if strides == 1 else 2
    check(function, normal(0, 2, 5, 4, 3), normal(1, 3, 3, 6, 3), expected=count)


def test_gradient_of_a_gradient():
    """As a penalty on a critic's gradient has it. One of its forms is no layer's: it stays."""

    def penalty(kernel, x):
        slope = jax.grad(lambda x: jnp.sin(conv(x, kernel)).sum())(x)
        return (slope**2).sum()

    def run(kernel, x):
        return jax.value_and_grad(penalty)(kernel, x)

    check(run, normal(0, 3, 3, 2, 4), normal(1, 2, 6, 6, 2), expected=4)


def test_inside_loops_branches_and_other_programs():
    kernel = normal(0, 3, 3, 2, 2)

    @jax.jit
    def step(x):
        return conv(x, kernel, padding="same")

    def run(x, go):
        y, _ = lax.scan(lambda x, _: (step(x), None), x, length=3)
        return lax.cond(go, step, lambda x: x, y), jax.checkpoint(step)(x)

    check(run, normal(1, 2, 6, 6, 2), True, expected=3)


def test_mapped_over_examples():
    """One gradient for each example."""
    x = normal(0, 4, 1, 6, 6, 3)
    kernel = normal(1, 3, 3, 3, 2)
    one = jax.grad(lambda kernel, x: (conv(x, kernel) ** 2).sum())
    plain = jax.make_jaxpr(jax.vmap(one, (None, 0)))(kernel, x)
    got = jax.jit(jaxpr_as_fun(substitute.with_onednn(plain, 2)))(kernel, x)
    right = jaxpr_as_fun(plain)(kernel, x)
    np.testing.assert_allclose(got[0], right[0], rtol=1e-4, atol=1e-4)


def test_what_stays():
    """Half precision, channels first, negative padding and small ones are left to XLA."""
    x, kernel = normal(0, 2, 6, 6, 3), normal(1, 3, 3, 3, 2)
    check(conv, x.astype(jnp.bfloat16), kernel.astype(jnp.bfloat16), expected=0)
    check(lambda x, w: conv(x, w, data_format="channels_first"), normal(2, 2, 3, 6, 6), kernel,
          expected=0)  # fmt: skip
    numbers = ("NHWC", "HWIO", "NHWC")

    def cropped(x, w):
        sides = [(-1, 0), (0, -1)]
        return lax.conv_general_dilated(x, w, (1, 1), sides, dimension_numbers=numbers)

    check(cropped, x, kernel, expected=0)


def test_small_ones_stay(monkeypatch):
    monkeypatch.setattr(substitute, "LEAST_PRODUCTS", 2 * 4 * 4 * 2 * 3 * 3 * 3 + 1)
    check(conv, normal(0, 2, 6, 6, 3), normal(1, 3, 3, 3, 2), expected=0)


X, KERNEL = normal(0, 2, 9, 7, 3), normal(1, 3, 3, 3, 5)
PER_CHANNEL, FULL = normal(2, 5), normal(3, 2, 7, 5, 5)


AFTER = {
    "bias": (lambda y: y + PER_CHANNEL, 0),
    "relu": (jax.nn.relu, 0),
    "jnp's relu": (lambda y: jnp.maximum(y, 0), 0),
    "normalization": (lambda y: y * PER_CHANNEL.reshape(1, 1, 1, 5) + PER_CHANNEL, 0),
    "difference": (lambda y: jax.nn.relu(y - FULL), 0),
    "shortcut": (lambda y: jax.nn.relu(FULL + (PER_CHANNEL + y) * PER_CHANNEL), 0),
    "sum of two": (lambda y: y + 2 * conv(X, KERNEL), 1),
    "what is read twice": (lambda y: (y + PER_CHANNEL) * (y + PER_CHANNEL), 3),
    "result and relu": (lambda y: (y, jax.nn.relu(y)), 1),
    "number": (lambda y: y + 1.5, 1),
    "other maximum": (lambda y: jnp.maximum(y, PER_CHANNEL), 1),
    "the other's difference": (lambda y: FULL - y, 1),
    "other shape": (lambda y: y + FULL[:1], 1),
    "more axes": (lambda y: y + jnp.ones((2, 1, 1, 1, 1)), 1),
}


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(("after", "left"), AFTER.values(), ids=AFTER)
def test_what_follows(after, left, threads):
    """It is done with the convolution, or stays where it was."""
    expected = 2 if after is AFTER["sum of two"][0] else 1
    check(lambda x, w: after(conv(x, w)), X, KERNEL, expected=expected, left=left, threads=threads)


def test_what_follows_a_sequence_and_a_volume():
    for space in ((9,), (5, 6, 4)):
        x, kernel = normal(0, 2, *space, 3), normal(1, *(3 for _ in space), 3, 5)
        full = normal(4, 2, *(n - 2 for n in space), 5)

        def run(x, w, full):
            return jax.nn.relu((conv(x, w) + PER_CHANNEL) * PER_CHANNEL - full)

        check(run, x, kernel, full, expected=1, left=0)


def test_a_relu_hides_no_nan():
    x = X.copy()
    x[0, 4, 4, 1] = np.nan
    program = substitute.with_onednn(jax.make_jaxpr(lambda x: jax.nn.relu(conv(x, KERNEL)))(x), 1)
    assert calls(program.jaxpr) == len(program.jaxpr.eqns) == 1
    (y,) = jax.jit(jaxpr_as_fun(program))(x)
    right = jax.nn.relu(conv(x, KERNEL))
    np.testing.assert_array_equal(np.isnan(y), np.isnan(right))
    assert np.isnan(y).any()


def test_pooling():
    """XLA's are the convolutions of which pooling leaves results out, and those of few inputs."""

    def pooled(x, kernel):
        return max_pool(jax.nn.relu(conv(x, kernel)), 2)

    even = normal(0, 2, 10, 8, 3)
    check(pooled, even, KERNEL, expected=1)
    check(pooled, X, KERNEL, expected=0)
    check(pooled, even[..., :1], KERNEL[:, :, :1], expected=0)


def build():
    layers = hb.layers
    hb.utils.set_random_seed(3)
    inputs = hb.Input((12, 12, 3))
    x = layers.Conv2D(8, 3, padding="same", strides=2, activation="relu")(inputs)
    y = layers.BatchNormalization()(layers.Conv2D(8, 3, padding="same")(x))
    x = layers.add([x, y])
    x = layers.Conv2DTranspose(4, 3, strides=2)(x)
    x = layers.SeparableConv2D(6, 3)(x)
    outputs = layers.Dense(3, activation="softmax")(layers.GlobalAveragePooling2D()(x))
    model = hb.Model(inputs, outputs)
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def test_training_gives_the_same_weights(monkeypatch):
    """A step with oneDNN, against one without; both learn the same, and evaluate alike."""
    rng = np.random.default_rng(0)
    x, y = rng.random((40, 12, 12, 3), dtype="float32"), rng.integers(0, 3, 40)
    seen = []
    original = onednn.convolution
    monkeypatch.setattr(onednn, "convolution", lambda *a: seen.append(a[1]) or original(*a))
    model = build()
    history = model.fit(x, y, batch_size=8, epochs=2, shuffle=False, verbose=0).history
    assert {onednn.FORWARD, onednn.DATA, onednn.KERNEL} == set(seen)
    monkeypatch.setattr(onednn, "available", lambda: False)
    count = len(seen)
    other = build()
    expected = other.fit(x, y, batch_size=8, epochs=2, shuffle=False, verbose=0).history
    assert len(seen) == count
    np.testing.assert_allclose(history["loss"], expected["loss"], rtol=1e-4)
    for got, right in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(got, right, rtol=1e-3, atol=1e-5)


def test_batches_beside_each_other(monkeypatch):
    """Many at a time and one alone: always the same bits, and nearly those of XLA."""
    rng = np.random.default_rng(0)
    x, y = rng.random((90, 12, 12, 3), dtype="float32"), rng.integers(0, 3, 90)
    model = build()
    model.fit(x, y, batch_size=45, verbose=0)
    seen, original = [], onednn.convolution
    monkeypatch.setattr(onednn, "convolution", lambda *a: seen.append(a[0]) or original(*a))
    got = model.predict(x, batch_size=7, verbose=0), model.predict(x[:7], verbose=0)
    loss = model.evaluate(x, y, batch_size=7, verbose=0)
    assert {threads == compiler.cores() for threads in seen} == {False, True}
    for _ in range(3):
        np.testing.assert_array_equal(model.predict(x, batch_size=7, verbose=0), got[0])
    np.testing.assert_allclose(got[1], got[0][:7], rtol=1e-5, atol=1e-6)
    monkeypatch.setattr(onednn, "available", lambda: False)
    other = build()
    other.set_weights(model.get_weights())
    right = other.predict(x, batch_size=7, verbose=0)
    np.testing.assert_allclose(got[0], right, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(loss, other.evaluate(x, y, batch_size=7, verbose=0), rtol=1e-4)


def test_training_twice_gives_the_same_bits():
    rng = np.random.default_rng(0)
    x, y = rng.random((40, 12, 12, 3), dtype="float32"), rng.integers(0, 3, 40)

    def trained():
        model = build()
        model.fit(x, y, batch_size=8, epochs=2, verbose=0)
        return model.get_weights()

    for one, other in zip(trained(), trained(), strict=True):
        np.testing.assert_array_equal(one, other)
