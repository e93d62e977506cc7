"""Initializers that draw nothing: constants, the identity, Fourier kernels."""

import numpy as np

from ..engine.device import from_host
from ..engine.dtypes import numpy_dtype, standardize_dtype
from .base import Initializer

# Arrays are made by NumPy: jnp.zeros and the like would compile for each new shape.


class Constant(Initializer):
    """The same value everywhere.

    Args:
        value: a number, or an array that broadcasts to the shape asked for.

    >>> import hornbill as hb
    >>> hb.initializers.Constant(3)((2,)).tolist()
    [3.0, 3.0]
    """

    def __init__(self, value=0.0):
        self.value = value

    def __call__(self, shape, dtype=None):
        value, shape = np.asarray(self.value), tuple(shape)
        try:
            full = np.broadcast_to(value, shape)
        except ValueError:
            raise ValueError(
                f"Constant's value has shape {value.shape}, which does not broadcast to the "
                f"shape of the weight. Received: shape={shape}"
            ) from None
        return from_host(full, numpy_dtype(standardize_dtype(dtype)))


class Zeros(Initializer):
    """Zeros.

    >>> import hornbill as hb
    >>> hb.initializers.Zeros()((2,)).tolist()
    [0.0, 0.0]
    """

    def __call__(self, shape, dtype=None):
        return from_host(np.zeros(shape, numpy_dtype(standardize_dtype(dtype))))


class Ones(Initializer):
    """Ones.

    >>> import hornbill as hb
    >>> hb.initializers.Ones()((2,)).tolist()
    [1.0, 1.0]
    """

    def __call__(self, shape, dtype=None):
        return from_host(np.ones(shape, numpy_dtype(standardize_dtype(dtype))))


class Identity(Initializer):
    """The identity matrix, times `gain`. For weights of two axes.

    Args:
        gain: what stands on the diagonal.

    >>> import hornbill as hb
    >>> hb.initializers.Identity(2)((2, 3)).tolist()
    [[2.0, 0.0, 0.0], [0.0, 2.0, 0.0]]
    """

    def __init__(self, gain: float = 1.0):
        self.gain = gain

    def __call__(self, shape, dtype=None):
        if len(shape) != 2:
            raise ValueError(
                f"Identity makes matrices, of two axes. Received: shape={tuple(shape)}"
            )
        return from_host(self.gain * np.eye(*shape), numpy_dtype(standardize_dtype(dtype)))


class STFT(Initializer):
    """The kernel with which a convolution computes a short-time Fourier transform.

    Shapes are `(frame_length, input_channels, fft_bins)`, of which the channels are 1 or
    broadcast; `fft_bins` is half the FFT's length plus one.

    Args:
        side: `"real"` (cosines) or `"imag"` (sines).
        window: a name that `scipy.signal.get_window` knows, an array of shape `(frame_length,)`,
            or None for no window.
        scaling: `"density"` divides by the window's length as a vector, `"spectrum"` by its sum,
            None by nothing. Without a window nothing is scaled.
        periodic: whether a named window is periodic rather than symmetric.

    >>> import hornbill as hb
    >>> hb.initializers.STFT("imag")((4, 1, 3)).shape
    (4, 1, 3)
    """

    def __init__(
        self,
        side: str = "real",
        window="hann",
        scaling: str | None = "density",
        periodic: bool = False,
    ):
        if side not in ("real", "imag"):
            raise ValueError(f"STFT's side is 'real' or 'imag'. Received: side={side!r}")
        if scaling not in (None, "density", "spectrum"):
            raise ValueError(
                f"STFT's scaling is 'density', 'spectrum' or None. Received: scaling={scaling!r}"
            )
        if isinstance(window, str):
            _named_window(window, 1, periodic)
        self.side, self.window, self.scaling, self.periodic = side, window, scaling, periodic

    def __call__(self, shape, dtype=None):
        if len(shape) != 3:
            raise ValueError(
                "STFT makes kernels of shape (frame_length, input_channels, fft_bins). "
                f"Received: shape={tuple(shape)}"
            )
        dtype = numpy_dtype(standardize_dtype(dtype))
        frame_length, _, bins = shape
        time = np.arange(frame_length, dtype=dtype).reshape(-1, 1, 1)
        frequency = np.arange(bins, dtype=dtype).reshape(1, 1, -1) / dtype.type(2 * (bins - 1))
        # In the dtype asked for, in this order, for Keras's rounding.
        angle = dtype.type(-2) * time * frequency * dtype.type(np.pi)
        kernel = np.cos(angle) if self.side == "real" else np.sin(angle)
        if self.window is not None:
            window = self._window(frame_length).astype(dtype)
            kernel = kernel * window.reshape(-1, 1, 1) / self._scale(window)
        return from_host(kernel, dtype)

    def _window(self, frame_length: int) -> np.ndarray:
        if isinstance(self.window, str):
            return _named_window(self.window, frame_length, self.periodic)
        window = np.asarray(self.window)
        if window.shape != (frame_length,):
            raise ValueError(
                f"STFT's window has one value per sample of the frame, shape ({frame_length},). "
                f"Received: window of shape {window.shape}"
            )
        return window

    def _scale(self, window: np.ndarray):
        if self.scaling == "density":
            return np.sqrt(np.sum(window * window))
        return np.sum(np.abs(window)) if self.scaling == "spectrum" else window.dtype.type(1)


def _named_window(name: str, length: int, periodic: bool) -> np.ndarray:
    from scipy.signal import get_window  # slow to import, and seldom needed

    try:
        return get_window(name, length, fftbins=periodic)
    except ValueError as error:
        raise ValueError(
            f"STFT's window is a name that scipy.signal.get_window knows, an array or None: "
            f"{error}. Received: window={name!r}"
        ) from None
