import jax
import keras
import numpy as np
import pytest
import scipy.signal

import hornbill as hb
from hornbill.engine.symbolic import SymbolicTensor

from .comparison import Case, check_again, floats, ids, of

compare = of(keras.ops, hb.ops)
again = of(keras.ops, hb.ops, check_again)

X, Y = floats(4, 6), floats(4, 6, seed=1)
IDS = np.array([0, 2, 2, 5])
PARTS = (X, Y)
SIGNAL = floats(2, 40)
SPECTRUM = tuple(np.asarray(part) for part in hb.ops.stft(SIGNAL, 8, 4, 16))
POSITIVE = floats(4, 6, low=0.5)

CASES = [
    *(
        Case(f"segment_{kind}", (X, IDS), {"num_segments": 4}, (), gradient)
        for kind, gradient in [("sum", (0,)), ("max", ()), ("min", ()), ("prod", ())]
    ),
    Case("segment_sum", (X, np.sort(IDS)), {"num_segments": 6, "sorted": True}, ()),
    Case("top_k", (X, 3)),
    Case("in_top_k", (np.array([0, 1, 5, 2]), X, 2), {}, (0, 1), ()),
    Case("logsumexp", (X,), {"axis": 1}),
    Case("logsumexp", (X,), {"axis": (0, 1), "keepdims": True}, ()),
    Case("cdist", (floats(2, 4, 3), floats(2, 5, 3, seed=1)), {}, (0, 1), (0, 1)),
    Case("extract_sequences", (SIGNAL, 8, 3)),
    Case("fft", (PARTS,), {}, (0,), ()),
    Case("fft2", (PARTS,), {}, (), ()),
    Case("ifft2", (PARTS,), {}, (), ()),
    Case("rfft", (X,)),
    Case("rfft", (X,), {"fft_length": 9}),
    Case("irfft", (PARTS,), {}, (0,), ()),
    Case("irfft", (PARTS,), {"fft_length": 7}, (0,), ()),
    Case("rsqrt", (POSITIVE,)),
    Case("erf", (X,)),
    Case("erfc", (X,)),
    Case("erfinv", (X / 3,)),
    Case("logdet", (floats(3, 4, 4),)),
    Case("view_as_complex", (floats(3, 2),), {}, (0,), ()),
    Case("view_as_real", (X + 1j * Y,), {}, (0,), ()),
]

WINDOWS = [{}, {"window": None}, {"window": "hamming", "center": False}, {"window": POSITIVE[0]}]


@pytest.mark.parametrize("case", CASES, ids=ids)
def test_values(case):
    compare(case)


@pytest.mark.parametrize("kwargs", WINDOWS)
def test_short_time_fourier(kwargs):
    length = 6 if "window" in kwargs and np.ndim(kwargs["window"]) else 8
    compare(Case("stft", (SIGNAL, length, 4, 16), kwargs))
    compare(Case("istft", (SPECTRUM, length, 4, 16), kwargs, (0,), ()))
    compare(Case("istft", (SPECTRUM, length, 4, 16), {"length": 30, **kwargs}, (0,), ()))


def test_short_time_fourier_is_undone():
    np.testing.assert_allclose(hb.ops.istft(SPECTRUM, 8, 4, 16), SIGNAL, atol=1e-5)


def test_short_time_fourier_against_scipy():
    window = scipy.signal.get_window("hann", 8)
    *_, expected = scipy.signal.stft(SIGNAL, window=window, nperseg=8, noverlap=4, boundary=None)
    real, imaginary = hb.ops.stft(SIGNAL, 8, 4, 8, center=False)
    # SciPy divides by the sum of the window.
    expected = np.swapaxes(expected, -1, -2) * window.sum()
    np.testing.assert_allclose(np.asarray(real) + 1j * np.asarray(imaginary), expected, atol=1e-5)


def test_segments_are_counted():
    assert hb.ops.segment_sum(X, IDS).shape == (6, 6)
    with pytest.raises(ValueError, match="needs num_segments"):
        jax.jit(hb.ops.segment_sum)(X, IDS)


def test_ints_become_floats():
    np.testing.assert_allclose(hb.ops.rsqrt([4, 16]), [0.5, 0.25])


def test_unknown_lengths():
    x = SymbolicTensor((None, None))
    assert hb.ops.extract_sequences(x, 4, 2).shape == (None, None, 4)
    assert hb.ops.stft(x, 8, 4, 16)[0].shape == (None, None, 9)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: hb.ops.segment_sum(X, IDS[:2], 3), "one segment id for each row"),
        (lambda: hb.ops.cdist(X, X[:, :2]), "two sets of points"),
        (lambda: hb.ops.fft(X), "real part, imaginary part"),
        (lambda: hb.ops.fft((X, IDS)), "two float tensors of the same shape"),
        (lambda: hb.ops.stft(SIGNAL, 8, 0, 16), "sequence_stride is a positive int"),
        (lambda: hb.ops.stft(SIGNAL, 32, 4, 16), "at least sequence_length"),
        (lambda: hb.ops.stft(SIGNAL, 8, 4, 16, window="flat"), "window is 'hann'"),
        (lambda: hb.ops.stft(SIGNAL, 8, 4, 16, window=X[0]), "vector of sequence_length=8"),
        (lambda: hb.ops.istft((X[0], X[0]), 8, 4, 16), "istft takes parts of shape"),
        (lambda: hb.ops.view_as_complex(X), "last axis of size 2"),
    ],
)
def test_errors(call, match):
    with pytest.raises(ValueError, match=match):
        call()


@pytest.mark.parametrize("case", CASES, ids=ids)
def test_another_shape_and_dtype(case):
    again(case)
