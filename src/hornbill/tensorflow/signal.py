"""`tf.signal`: Fourier transforms, windows and spectrograms, along the last axis."""

import jax.numpy as jnp
import jax.scipy.fft
import numpy as np

from .missing import missing
from .tensor import Tensor, to_numpy, unwrap


def _complex(x):
    return jnp.asarray(unwrap(x)).astype("complex64")


def fft(input, name=None) -> Tensor:
    """The Fourier transform of complex numbers."""
    return Tensor(jnp.fft.fft(_complex(input)))


def ifft(input, name=None) -> Tensor:
    """The inverse of `fft`."""
    return Tensor(jnp.fft.ifft(_complex(input)))


def fft2d(input, name=None) -> Tensor:
    """The Fourier transform over the last two axes."""
    return Tensor(jnp.fft.fft2(_complex(input)))


def ifft2d(input, name=None) -> Tensor:
    """The inverse of `fft2d`."""
    return Tensor(jnp.fft.ifft2(_complex(input)))


def _length(fft_length):
    return None if fft_length is None else int(np.ravel(to_numpy(fft_length))[0])


def rfft(input_tensor, fft_length=None, name=None) -> Tensor:
    """The Fourier transform of real numbers: `fft_length // 2 + 1` complex ones."""
    return Tensor(jnp.fft.rfft(jnp.asarray(unwrap(input_tensor)), _length(fft_length)))


def irfft(input_tensor, fft_length=None, name=None) -> Tensor:
    """The inverse of `rfft`."""
    return Tensor(jnp.fft.irfft(_complex(input_tensor), _length(fft_length)))


def fftshift(x, axes=None, name=None) -> Tensor:
    """Frequency 0 moved to the middle."""
    return Tensor(jnp.fft.fftshift(jnp.asarray(unwrap(x)), axes))


def ifftshift(x, axes=None, name=None) -> Tensor:
    """The inverse of `fftshift`."""
    return Tensor(jnp.fft.ifftshift(jnp.asarray(unwrap(x)), axes))


def dct(input, type: int = 2, n=None, axis: int = -1, norm=None, name=None) -> Tensor:
    """The cosine transform of type 2; `norm` is None or `"ortho"`."""
    if type != 2 or axis != -1:
        raise ValueError(
            f"tf.signal.dct is of type 2, along axis -1. Received: type={type}, axis={axis}"
        )
    return Tensor(jax.scipy.fft.dct(jnp.asarray(unwrap(input)), 2, n, norm=norm))


# ---- windows ---------------------------------------------------------------------------------


def _cosine_window(window_length, a: float, periodic: bool, dtype) -> Tensor:
    length = int(unwrap(window_length))
    if length == 1:
        return Tensor(jnp.ones(1, str(dtype)))
    # Periodic windows are those of the next length, for which these lengths are even.
    period = length + int(periodic and length % 2 == 0) - 1
    phase = 2 * np.pi * np.arange(length) / period
    return Tensor(jnp.asarray(a - (1 - a) * np.cos(phase), str(dtype)))


def hann_window(window_length, periodic: bool = True, dtype="float32", name=None) -> Tensor:
    """Half a cosine that starts at 0."""
    return _cosine_window(window_length, 0.5, periodic, dtype)


def hamming_window(window_length, periodic: bool = True, dtype="float32", name=None) -> Tensor:
    """A cosine that starts at 0.08."""
    return _cosine_window(window_length, 0.54, periodic, dtype)


# ---- frames ----------------------------------------------------------------------------------


def frame(
    signal, frame_length, frame_step, pad_end: bool = False, pad_value=0, axis: int = -1, name=None
) -> Tensor:
    """Frames that slide along the last axis: `(..., frames, frame_length)`.

    With `pad_end` a frame starts at every step, filled up with `pad_value`.
    """
    x = jnp.asarray(unwrap(signal))
    length, step = int(unwrap(frame_length)), int(unwrap(frame_step))
    if axis not in (-1, x.ndim - 1):
        raise ValueError(f"tf.signal.frame runs along the last axis. Received: axis={axis}")
    size = x.shape[-1]
    count = -(-size // step) if pad_end else max(1 + (size - length) // step, 0)
    missing_values = max((count - 1) * step + length - size, 0)
    if pad_end and missing_values:
        sides = [(0, 0)] * (x.ndim - 1) + [(0, missing_values)]
        x = jnp.pad(x, sides, constant_values=pad_value)
    return Tensor(x[..., np.arange(count)[:, None] * step + np.arange(length)])


def overlap_and_add(signal, frame_step, name=None) -> Tensor:
    """The inverse of `frame`: `(..., frames, length)` frames, added where they overlap."""
    x, step = jnp.asarray(unwrap(signal)), int(unwrap(frame_step))
    count, length = x.shape[-2:]
    places = np.arange(count)[:, None] * step + np.arange(length)
    total = jnp.zeros((*x.shape[:-2], (count - 1) * step + length), x.dtype)
    return Tensor(total.at[..., places].add(x))


def _fft_length(frame_length: int, fft_length) -> int:
    return 2 ** (frame_length - 1).bit_length() if fft_length is None else int(unwrap(fft_length))


def stft(
    signals,
    frame_length,
    frame_step,
    fft_length=None,
    window_fn=hann_window,
    pad_end: bool = False,
    name=None,
) -> Tensor:
    """The transform of windowed frames: `(..., frames, fft_length // 2 + 1)` complex numbers.

    `fft_length` is the next power of 2 when None; `window_fn(frame_length, dtype=)` may be None.
    """
    frames = frame(signals, frame_length, frame_step, pad_end).value
    length = int(unwrap(frame_length))
    if window_fn is not None:
        frames = frames * unwrap(window_fn(length, dtype="float32"))
    return Tensor(jnp.fft.rfft(frames, _fft_length(length, fft_length)))


def inverse_stft(
    stfts, frame_length, frame_step, fft_length=None, window_fn=hann_window, name=None
) -> Tensor:
    """The signal whose `stft` it is, if `window_fn` is that of `inverse_stft_window_fn`."""
    length = int(unwrap(frame_length))
    frames = jnp.fft.irfft(_complex(stfts), _fft_length(length, fft_length))[..., :length]
    frames = jnp.pad(frames, [(0, 0)] * (frames.ndim - 1) + [(0, length - frames.shape[-1])])
    if window_fn is not None:
        frames = frames * unwrap(window_fn(length, dtype="float32"))
    return overlap_and_add(frames, frame_step)


def inverse_stft_window_fn(frame_step, forward_window_fn=hann_window, name=None):
    """The window by which `inverse_stft` gives back the signal."""

    def window(frame_length, dtype="float32"):
        length, step = int(unwrap(frame_length)), int(unwrap(frame_step))
        forward = np.asarray(unwrap(forward_window_fn(length, dtype=dtype)))
        padded = np.pad(np.square(forward), (0, -length % step)).reshape(-1, step)
        total = np.tile(padded.sum(0), len(padded))[:length]
        return Tensor(forward / total)

    return window


# ---- mel -------------------------------------------------------------------------------------


def linear_to_mel_weight_matrix(
    num_mel_bins: int = 20,
    num_spectrogram_bins: int = 129,
    sample_rate=8000,
    lower_edge_hertz: float = 125.0,
    upper_edge_hertz: float = 3800.0,
    dtype="float32",
    name=None,
) -> Tensor:
    """The `(num_spectrogram_bins, num_mel_bins)` matrix from frequencies to mel bins."""
    top = float(unwrap(sample_rate)) / 2
    if not 0 <= lower_edge_hertz < upper_edge_hertz <= top:
        raise ValueError(
            f"The edges lie in [0, sample_rate / 2 = {top}], the lower one below the upper one. "
            f"Received: {lower_edge_hertz}, {upper_edge_hertz}"
        )

    def mel(hertz):
        return 1127.0 * np.log1p(np.asarray(hertz) / 700.0)

    frequencies = mel(np.linspace(0, top, num_spectrogram_bins))[1:, None]
    edges = np.linspace(mel(lower_edge_hertz), mel(upper_edge_hertz), num_mel_bins + 2)
    low, middle, high = edges[:-2], edges[1:-1], edges[2:]
    up, down = (frequencies - low) / (middle - low), (high - frequencies) / (high - middle)
    # The lowest bin, which holds the mean, counts nowhere.
    weights = np.pad(np.maximum(0, np.minimum(up, down)), ((1, 0), (0, 0)))
    return Tensor(jnp.asarray(weights, str(dtype)))


def mfccs_from_log_mel_spectrograms(log_mel_spectrograms, name=None) -> Tensor:
    """The mel-frequency cepstral coefficients."""
    x = jnp.asarray(unwrap(log_mel_spectrograms))
    return Tensor(jax.scipy.fft.dct(x, 2) / np.sqrt(2.0 * x.shape[-1]))


__getattr__ = missing("tf.signal", globals())
