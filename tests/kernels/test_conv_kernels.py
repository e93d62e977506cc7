import jax
import numpy as np
import pytest
import scipy.signal
from jax import lax

from hornbill.kernels import conv, windows

X = np.random.default_rng(0).normal(size=(1, 6, 7, 1)).astype("float32")
KERNEL = np.random.default_rng(1).normal(size=(3, 2, 1, 1)).astype("float32")


def test_conv_is_a_correlation():
    expected = scipy.signal.correlate2d(X[0, ..., 0], KERNEL[..., 0, 0], mode="valid")
    np.testing.assert_allclose(conv.conv(X, KERNEL)[0, ..., 0], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("stride", "padding"), [(1, "valid"), (2, "same"), (3, "valid")])
def test_conv_transpose_is_the_gradient_of_conv(stride, padding):
    # conv_transpose from as many values as conv gives, back to as many as conv takes.
    forward = lambda x: conv.conv(x, KERNEL, stride, padding)  # noqa: E731
    sizes = {"valid": (7, 8), "same": (6, 8)}[padding]
    whole = np.zeros((1, *sizes, 1), "float32")
    if padding == "valid":
        whole = whole[:, : (7 - 3) // stride * stride + 3, : (8 - 2) // stride * stride + 2]
    values, pullback = jax.vjp(forward, whole)
    y = np.random.default_rng(2).normal(size=values.shape).astype("float32")
    extra = 0 if padding == "valid" else None
    result = conv.conv_transpose(y, KERNEL, stride, padding, output_padding=extra)
    np.testing.assert_allclose(result, pullback(y)[0], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("size", [1, 2, 3, 4])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("dilation", [1, 2])
def test_transposed_sizes(size, stride, dilation):
    n, reach = 5, (size - 1) * dilation + 1

    def length(padding, extra):
        sides = conv.transpose_padding(size, stride, dilation, padding, extra)
        return (n - 1) * stride + 1 + sum(sides) - reach + 1

    assert length("valid", None) == (n - 1) * stride + max(reach, stride)
    assert length("valid", 1) == (n - 1) * stride + reach + 1
    assert length("same", None) == n * stride
    assert length("same", 1) == (n - 1) * stride + reach % 2 + 1


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: conv.conv(X[0, 0], KERNEL), "rank 3, 4 or 5"),
        (lambda: conv.conv(X, KERNEL[0]), "kernel has rank 4"),
        (lambda: conv.conv(X, np.ones((3, 3, 2, 4))), "must divide those of the inputs"),
        (lambda: conv.conv(np.ones((1, 4, 4)), np.ones((2, 2, 3))), "multiple of the 2 groups"),
        (lambda: conv.conv(X, np.ones((9, 9, 1, 1))), "larger than the inputs"),
        (lambda: conv.conv(X, KERNEL, strides=0), "strides is a positive int"),
        (lambda: conv.conv(X, KERNEL, strides=(1, 2, 3)), r"Received: strides=\(1, 2, 3\)"),
        (lambda: conv.conv(X, KERNEL, padding="full"), "'valid' or 'same'"),
        (lambda: conv.depthwise_conv(X, np.ones((3, 3, 2, 1))), "one entry per input channel"),
        (lambda: conv.conv_transpose(X, np.ones((3, 3, 1, 2))), "channels out, channels in"),
    ],
)
def test_errors(call, match):
    with pytest.raises(ValueError, match=match):
        call()


def test_axes():
    assert windows.spatial_axes(4, "channels_last") == ((1, 2), 3)
    assert windows.spatial_axes(5, "channels_first") == ((2, 3, 4), 1)
    assert isinstance(conv._layout(4, None), lax.ConvDimensionNumbers)
