"""Mathematics beyond NumPy's names: segments, top k, Fourier transforms, special functions."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from ..engine.operation import Tensor, Tensors, op, to_array
from .common import Axis, public, to_float


def _segments(reduce, data, ids, count, is_sorted: bool):
    name = reduce.__name__
    if jnp.ndim(ids) != 1 or (jnp.ndim(data) and ids.shape[0] != data.shape[0]):
        raise ValueError(
            f"{name} takes one segment id for each row of data: a vector. Received: "
            f"data.shape={jnp.shape(data)}, segment_ids.shape={jnp.shape(ids)}"
        )
    if count is None:
        if isinstance(ids, jax.core.Tracer):
            raise ValueError(
                f"{name} needs num_segments where segment_ids has no value yet (in a compiled or "
                "functional model), as it is the size of the result. Received: num_segments=None"
            )
        count = int(ids.max()) + 1 if ids.size else 0
    return reduce(data, ids, count, indices_are_sorted=is_sorted)


@op
def segment_sum(
    data: Tensor, segment_ids: Tensor, num_segments: int | None = None, sorted: bool = False
):
    """Sums the rows of each segment.

    Args:
        data: `(n, ...)`.
        segment_ids: `(n,)`, to which segment each row belongs; rows with an id outside of the
            segments are left out.
        num_segments: how many segments there are. None counts them (not in compiled code).
        sorted: whether `segment_ids` rises, which is then faster.

    Returns:
        `(num_segments, ...)`; 0 for empty segments.

    >>> import hornbill as hb
    >>> hb.ops.segment_sum([1, 2, 30], [0, 0, 1]).tolist()
    [3, 30]
    """
    return _segments(jax.ops.segment_sum, data, segment_ids, num_segments, sorted)


@op
def segment_max(
    data: Tensor, segment_ids: Tensor, num_segments: int | None = None, sorted: bool = False
):
    """The largest of each segment; the dtype's lowest value for empty ones. See `segment_sum`.

    >>> import hornbill as hb
    >>> hb.ops.segment_max([1, 2, 30], [0, 0, 1]).tolist()
    [2, 30]
    """
    return _segments(jax.ops.segment_max, data, segment_ids, num_segments, sorted)


@op
def segment_min(
    data: Tensor, segment_ids: Tensor, num_segments: int | None = None, sorted: bool = False
):
    """The smallest of each segment; the dtype's highest value for empty ones. See `segment_sum`.

    >>> import hornbill as hb
    >>> hb.ops.segment_min([1, 2, 30], [0, 0, 1]).tolist()
    [1, 30]
    """
    return _segments(jax.ops.segment_min, data, segment_ids, num_segments, sorted)


@op
def segment_prod(
    data: Tensor, segment_ids: Tensor, num_segments: int | None = None, sorted: bool = False
):
    """The product of each segment; 1 for empty ones. See `segment_sum`.

    >>> import hornbill as hb
    >>> hb.ops.segment_prod([3, 2, 30], [0, 0, 1]).tolist()
    [6, 30]
    """
    return _segments(jax.ops.segment_prod, data, segment_ids, num_segments, sorted)


@op
def top_k(x: Tensor, k: int, sorted: bool = True):
    """The `k` largest values along the last axis, and their places.

    Args:
        k: how many.
        sorted: whether the largest must come first; they always do.

    Returns:
        `(values, indices)`.

    >>> import hornbill as hb
    >>> [v.tolist() for v in hb.ops.top_k([3, 9, 5], 2)]
    [[9, 5], [1, 2]]
    """
    return tuple(lax.top_k(x, k))


@op
def in_top_k(targets: Tensor, predictions: Tensor, k: int):
    """Whether each target is among its row's `k` highest predictions; ties count as in.

    Args:
        targets: `(batch,)`, the classes.
        predictions: `(batch, classes)`.
        k: how many of the highest count.

    >>> import hornbill as hb
    >>> hb.ops.in_top_k([0, 1], [[0.1, 0.7, 0.2], [0.1, 0.7, 0.2]], 1).tolist()
    [False, True]
    """
    chosen = jnp.take_along_axis(predictions, targets[..., None], axis=-1)
    chosen = jnp.where(jnp.isnan(chosen), -jnp.inf, chosen)
    return (predictions > chosen).sum(-1) < k


@op
def logsumexp(x: Tensor, axis: Axis = None, keepdims: bool = False):
    """`log(sum(exp(x)))`, without overflow.

    Args:
        axis: an axis or several; None takes all.
        keepdims: whether the reduced axes stay, with size 1.

    >>> import hornbill as hb
    >>> float(hb.ops.logsumexp([1000.0, -1000.0]))
    1000.0
    """
    return jax.nn.logsumexp(to_float(x), axis=axis, keepdims=keepdims)


@op
def cdist(x: Tensor, y: Tensor):
    """The Euclidean distance of each row of `x` to each row of `y`.

    Args:
        x: `(..., n, dim)`.
        y: `(..., m, dim)`.

    Returns:
        `(..., n, m)`.

    >>> import hornbill as hb
    >>> hb.ops.cdist([[0.0, 0.0]], [[3.0, 4.0], [0.0, 1.0]]).tolist()
    [[5.0, 1.0]]
    """
    if min(jnp.ndim(x), jnp.ndim(y)) < 2 or x.shape[-1] != y.shape[-1]:
        raise ValueError(
            "cdist takes two sets of points, (..., n, dim) and (..., m, dim). "
            f"Received: x.shape={jnp.shape(x)}, y.shape={jnp.shape(y)}"
        )
    return jnp.sqrt(((x[..., :, None, :] - y[..., None, :, :]) ** 2).sum(-1))


def _frames(x, length: int, stride: int):
    count = (x.shape[-1] - length) // stride + 1
    return x[..., jnp.arange(count)[:, None] * stride + jnp.arange(length)]


@op
def extract_sequences(x: Tensor, sequence_length: int, sequence_stride: int):
    """Windows that slide along the last axis.

    Args:
        x: `(..., n)`.
        sequence_length: the length of a window.
        sequence_stride: the step from one to the next.

    Returns:
        `(..., (n - sequence_length) // sequence_stride + 1, sequence_length)`.

    >>> import hornbill as hb
    >>> hb.ops.extract_sequences([1, 2, 3, 4, 5], 3, 2).tolist()
    [[1, 2, 3], [3, 4, 5]]
    """
    return _frames(x, sequence_length, sequence_stride)


def _complex(x, who: str):
    if not isinstance(x, (tuple, list)) or len(x) != 2:
        raise ValueError(f"{who} takes a tuple (real part, imaginary part). Received: x={x!r}")
    real, imag = (jnp.asarray(part) for part in x)
    if real.shape != imag.shape or not all(
        jnp.issubdtype(part.dtype, jnp.floating) for part in (real, imag)
    ):
        raise ValueError(
            f"{who} takes two float tensors of the same shape. Received: {real.shape} "
            f"{real.dtype}, {imag.shape} {imag.dtype}"
        )
    return lax.complex(real, imag)


def _parts(x):
    return x.real, x.imag


@op
def fft(x: Tensors):
    """The discrete Fourier transform along the last axis.

    Args:
        x: a tuple `(real part, imaginary part)`.

    Returns:
        A tuple `(real part, imaginary part)`.

    >>> import hornbill as hb
    >>> [v.tolist() for v in hb.ops.fft(([1.0, 1.0], [0.0, 0.0]))]
    [[2.0, 0.0], [0.0, 0.0]]
    """
    return _parts(jnp.fft.fft(_complex(x, "fft")))


@op
def fft2(x: Tensors):
    """The discrete Fourier transform along the last two axes. See `fft`.

    >>> import hornbill as hb
    >>> hb.ops.fft2(([[1.0, 1.0], [1.0, 1.0]], [[0.0, 0.0], [0.0, 0.0]]))[0].tolist()
    [[4.0, 0.0], [0.0, 0.0]]
    """
    return _parts(jnp.fft.fft2(_complex(x, "fft2")))


@op
def ifft2(x: Tensors):
    """`fft2` undone. See `fft`.

    >>> import hornbill as hb
    >>> hb.ops.ifft2(([[4.0, 0.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 0.0]]))[0].tolist()
    [[1.0, 1.0], [1.0, 1.0]]
    """
    return _parts(jnp.fft.ifft2(_complex(x, "ifft2")))


@op
def rfft(x: Tensor, fft_length: int | None = None):
    """The Fourier transform of real signals along the last axis, without its redundant half.

    Args:
        x: `(..., n)`.
        fft_length: to which length the signals are cut or filled with zeros; `n` when None.

    Returns:
        A tuple `(real part, imaginary part)` of shape `(..., fft_length // 2 + 1)`.

    >>> import hornbill as hb
    >>> hb.ops.rfft([1.0, 1.0, 1.0, 1.0])[0].tolist()
    [4.0, 0.0, 0.0]
    """
    return _parts(jnp.fft.rfft(x, fft_length))


@op
def irfft(x: Tensors, fft_length: int | None = None):
    """`rfft` undone.

    Args:
        x: a tuple `(real part, imaginary part)` of shape `(..., n)`.
        fft_length: the length of the signals; `2 * (n - 1)` when None.

    >>> import hornbill as hb
    >>> hb.ops.irfft(([4.0, 0.0, 0.0], [0.0, 0.0, 0.0])).tolist()
    [1.0, 1.0, 1.0, 1.0]
    """
    return jnp.fft.irfft(_complex(x, "irfft"), fft_length)


def _check_frames(who: str, sequence_length, sequence_stride, fft_length) -> None:
    if not isinstance(sequence_stride, int) or sequence_stride < 1 or fft_length < sequence_length:
        raise ValueError(
            f"{who}'s sequence_stride is a positive int, and its fft_length at least "
            f"sequence_length. Received: sequence_length={sequence_length}, "
            f"sequence_stride={sequence_stride}, fft_length={fft_length}"
        )


def _window(window, length: int, fft_length: int, dtype):
    """The window's values, with zeros on both sides up to `fft_length`."""
    if window is None:
        return jnp.ones(fft_length, dtype)
    if isinstance(window, str):
        share = {"hann": 0.5, "hamming": 0.54}.get(window)
        if share is None:
            raise ValueError(
                f"window is 'hann', 'hamming', a vector or None. Received: window={window!r}"
            )
        window = share - (1 - share) * np.cos(2 * np.pi * np.arange(length) / length)
    window = jnp.asarray(to_array(window), dtype)
    if window.shape != (length,):
        raise ValueError(
            f"A window is a vector of sequence_length={length} values. "
            f"Received: window.shape={window.shape}"
        )
    before = (fft_length - length) // 2
    return jnp.pad(window, (before, fft_length - length - before))


@op
def stft(
    x: Tensor,
    sequence_length: int,
    sequence_stride: int,
    fft_length: int,
    window="hann",
    center: bool = True,
):
    """The short-time Fourier transform: `rfft` of windows that slide along the last axis.

    Args:
        x: `(..., n)`, float32 or float64.
        sequence_length: the length of the window.
        sequence_stride: the step from one window to the next.
        fft_length: the length of the transform; the window stands in its middle.
        window: `"hann"`, `"hamming"`, `sequence_length` values, or None for no weighting.
        center: whether the signal is mirrored at its ends so that the first window stands
            around the first value.

    Returns:
        A tuple `(real part, imaginary part)` of shape `(..., windows, fft_length // 2 + 1)`.

    >>> import hornbill as hb
    >>> hb.ops.stft(hb.ops.ones((100,)), 16, 8, 32)[0].shape
    (13, 17)
    """
    _check_frames("stft", sequence_length, sequence_stride, fft_length)
    if x.dtype not in (jnp.float32, jnp.float64):
        raise TypeError(f"stft takes float32 or float64. Received: x.dtype={x.dtype}")
    weights = _window(window, sequence_length, fft_length, x.dtype)
    if center:
        sides = [(0, 0)] * (x.ndim - 1) + [(fft_length // 2, fft_length // 2)]
        x = jnp.pad(x, sides, mode="reflect")
    return _parts(jnp.fft.rfft(_frames(x, fft_length, sequence_stride) * weights))


@op
def istft(
    x: Tensors,
    sequence_length: int,
    sequence_stride: int,
    fft_length: int,
    length: int | None = None,
    window="hann",
    center: bool = True,
):
    """`stft` undone: the windows' signals are weighted, added up, and divided by the weights.

    Args:
        x: a tuple `(real part, imaginary part)` of shape `(..., windows, fft_length // 2 + 1)`.
        sequence_length, sequence_stride, fft_length, window, center: as `stft` was given them.
            With `window=None` the result is `fft_length / sequence_stride` times the signal, as
            windows that overlap are then added without weights.
        length: to which length the signal is cut; None keeps all that the windows hold.

    >>> import hornbill as hb
    >>> signal = hb.ops.ones((96,))
    >>> hb.ops.istft(hb.ops.stft(signal, 16, 8, 32), 16, 8, 32).shape
    (96,)
    """
    _check_frames("istft", sequence_length, sequence_stride, fft_length)
    spectrum = _complex(x, "istft")
    if spectrum.ndim < 2:
        raise ValueError(
            "istft takes parts of shape (..., windows, fft_length // 2 + 1). "
            f"Received: {spectrum.shape}"
        )
    frames = jnp.fft.irfft(spectrum, fft_length)
    weights = _window(window, sequence_length, fft_length, frames.dtype)
    count = frames.shape[-2]
    total = (count - 1) * sequence_stride + fft_length
    places = jnp.arange(count)[:, None] * sequence_stride + jnp.arange(fft_length)

    def overlap(values):
        return jnp.zeros((*values.shape[:-2], total), values.dtype).at[..., places].add(values)

    signal = overlap(frames * weights)
    norm = overlap(jnp.broadcast_to(weights**2, (count, fft_length)))
    signal = signal / jnp.where(norm > 1e-10, norm, 1)
    if window is None:
        signal = signal * (fft_length / sequence_stride)
    start = fft_length // 2 if center else 0
    if length is not None:
        return signal[..., start : start + length]
    return signal[..., start : total - start]


@op
def rsqrt(x: Tensor):
    """`1 / sqrt(x)`.

    >>> import hornbill as hb
    >>> float(hb.ops.rsqrt(4.0))
    0.5
    """
    return lax.rsqrt(to_float(x))


@op
def erf(x: Tensor):
    """The error function: `2 / sqrt(π)` times the integral of `exp(-t²)` from 0 to `x`.

    >>> import hornbill as hb
    >>> round(float(hb.ops.erf(1.0)), 4)
    0.8427
    """
    return lax.erf(to_float(x))


@op
def erfc(x: Tensor):
    """`1 - erf(x)`, exact where `erf` is near 1.

    >>> import hornbill as hb
    >>> round(float(hb.ops.erfc(1.0)), 4)
    0.1573
    """
    return lax.erfc(to_float(x))


@op
def erfinv(x: Tensor):
    """The inverse of `erf`, between -1 and 1.

    >>> import hornbill as hb
    >>> float(hb.ops.erfinv(0.0))
    0.0
    """
    return lax.erf_inv(to_float(x))


@op
def logdet(x: Tensor):
    """The logarithm of the magnitude of the determinant, for each matrix.

    >>> import hornbill as hb
    >>> round(float(hb.ops.logdet([[2.0, 0.0], [0.0, 3.0]])), 4)
    1.7918
    """
    return jnp.linalg.slogdet(x)[1]


@op
def view_as_complex(x: Tensor):
    """Pairs `(real, imaginary)` on the last axis as complex numbers.

    >>> import hornbill as hb
    >>> hb.ops.view_as_complex([1.0, 2.0]).item()
    (1+2j)
    """
    if jnp.ndim(x) < 1 or x.shape[-1] != 2:
        raise ValueError(
            "view_as_complex takes a last axis of size 2, the real and the imaginary part. "
            f"Received: x.shape={jnp.shape(x)}"
        )
    return lax.complex(x[..., 0].astype("float32"), x[..., 1].astype("float32"))


@op
def view_as_real(x: Tensor):
    """Complex numbers as pairs `(real, imaginary)` on a new last axis.

    >>> import hornbill as hb
    >>> hb.ops.view_as_real([1.0 + 2.0j]).tolist()
    [[1.0, 2.0]]
    """
    return jnp.stack([jnp.real(x), jnp.imag(x)], axis=-1)


__all__ = public(globals())
