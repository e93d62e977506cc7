"""STFTSpectrogram: a short-time Fourier transform whose kernels are weights."""

import warnings

import jax.numpy as jnp
import numpy as np

from ... import initializers, ops
from ...engine.config import epsilon, standardize_data_format
from ..base import Layer
from ..input_spec import InputSpec

MODES = ("log", "magnitude", "psd", "real", "imag", "angle", "stft")


class STFTSpectrogram(Layer):
    """Spectrograms by convolution, so that the transform can be trained or run on accelerators.

    Args:
        mode: what is returned: `"magnitude"` of the spectrum, its `"log"`, power (`"psd"`),
            `"real"` or `"imag"` part, `"angle"`, or both parts after each other (`"stft"`).
        frame_length: the samples of a frame.
        frame_step: the samples from one frame to the next; half a frame when None.
        fft_length: the length of the transform, at least a frame and best a power of two; the
            next power of two when None.
        window: a name that `scipy.signal.get_window` knows, an array of `frame_length` values,
            or None.
        periodic: whether a named window is periodic rather than symmetric.
        scaling: `"density"`, `"spectrum"` or None: what the window is divided by.
        padding: `"valid"`, or `"same"` to pad the ends.
        expand_dims: whether channels stay an axis of their own, so that the result is an image.
        data_format: `"channels_last"` or `"channels_first"`; the configured one when None.

    Input shape: `(batch, samples, channels)`, floats. Output shape:
    `(batch, frames, channels * bins)`, with `expand_dims` `(batch, frames, bins, channels)`;
    channels first: `(batch, channels * bins, frames)`, `(batch, channels, frames, bins)`.
    There are `fft_length // 2 + 1` bins, twice as many for `"stft"`.
    Weights: `real_kernel` (not for `"imag"`) and `imag_kernel` (not for `"real"`), of shape
    `(frame_length, 1, bins)`; pass `trainable=False` to keep them.

    >>> import hornbill as hb
    >>> layer = hb.layers.STFTSpectrogram(frame_length=16, trainable=False)
    >>> layer(hb.ops.ones((2, 64, 1))).shape
    (2, 7, 9)
    """

    def __init__(
        self,
        mode: str = "log",
        frame_length: int = 256,
        frame_step: int | None = None,
        fft_length: int | None = None,
        window="hann",
        periodic: bool = False,
        scaling: str | None = "density",
        padding: str = "valid",
        expand_dims: bool = False,
        data_format: str | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if mode not in MODES:
            raise ValueError(
                f"STFTSpectrogram's mode is one of {', '.join(map(repr, MODES))}. "
                f"Received: mode={mode!r}"
            )
        if frame_step is not None and not 1 <= frame_step <= frame_length:
            raise ValueError(
                "STFTSpectrogram's frame_step lies between 1 and frame_length. "
                f"Received: frame_step={frame_step}, frame_length={frame_length}"
            )
        if fft_length is not None and fft_length < frame_length:
            raise ValueError(
                "STFTSpectrogram's fft_length is at least frame_length. "
                f"Received: fft_length={fft_length}, frame_length={frame_length}"
            )
        if fft_length is not None and fft_length & (fft_length - 1):
            warnings.warn(
                "STFTSpectrogram is best with a power of two as fft_length. "
                f"Received: fft_length={fft_length}",
                stacklevel=2,
            )
        if padding not in ("valid", "same"):
            raise ValueError(
                f"STFTSpectrogram's padding is 'valid' or 'same'. Received: padding={padding!r}"
            )
        # Made here, where they check window and scaling.
        self._initializers = {
            side: initializers.STFT(side, window, scaling, periodic) for side in ("real", "imag")
        }
        self.mode, self.padding, self.expand_dims = mode, padding, expand_dims
        self.window, self.periodic, self.scaling = window, periodic, scaling
        self.frame_length, self.frame_step = frame_length, frame_step
        self.fft_length = fft_length
        self._step = frame_step or frame_length // 2
        self._bins = (fft_length or 1 << (frame_length - 1).bit_length()) // 2 + 1
        self.data_format = standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=3)

    def build(self, input_shape):
        shape = (self.frame_length, 1, self._bins)
        if self.mode != "imag":
            self.real_kernel = self.add_weight(
                shape, self._initializers["real"], name="real_kernel"
            )
        if self.mode != "real":
            self.imag_kernel = self.add_weight(
                shape, self._initializers["imag"], name="imag_kernel"
            )

    def call(self, inputs):
        if not jnp.issubdtype(inputs.dtype, np.floating):
            raise TypeError(f"STFTSpectrogram '{self.path}' takes floats. Received: {inputs.dtype}")
        if self.mode == "real":
            return self._arranged(self._transform(inputs, self.real_kernel))
        if self.mode == "imag":
            return self._arranged(self._transform(inputs, self.imag_kernel))
        real = self._transform(inputs, self.real_kernel)
        imaginary = self._transform(inputs, self.imag_kernel)
        if self.mode == "angle":
            return self._arranged(jnp.arctan2(imaginary, real))
        if self.mode == "stft":
            return self._arranged(jnp.concatenate([real, imaginary], axis=-1))
        power = real**2 + imaginary**2
        if self.mode == "psd":
            # The bins between the first and the last stand for negative frequencies as well.
            twice = jnp.ones(self._bins, power.dtype).at[1:-1].set(2)
            return self._arranged(power * twice)
        magnitude = jnp.sqrt(jnp.maximum(power, epsilon()))
        if self.mode == "log":
            magnitude = jnp.log(jnp.maximum(magnitude, epsilon()))
        return self._arranged(magnitude)

    def _transform(self, inputs, kernel):
        """One part of the spectrum, `(batch, channels, frames, bins)`."""
        first = self.data_format == "channels_first"
        x = inputs if first else inputs.swapaxes(1, 2)
        batch, channels, samples = x.shape
        x = ops.conv(
            x.reshape(batch * channels, samples, 1),
            jnp.asarray(kernel).astype(x.dtype),
            strides=self._step,
            padding=self.padding,
            data_format="channels_last",
        )
        return x.reshape(batch, channels, *x.shape[1:])

    def _arranged(self, x):
        """`(batch, channels, frames, bins)` in the shape that was asked for."""
        batch, channels, frames, bins = x.shape
        if self.expand_dims:
            return x if self.data_format == "channels_first" else x.transpose(0, 2, 3, 1)
        x = x.transpose(0, 1, 3, 2).reshape(batch, channels * bins, frames)
        return x if self.data_format == "channels_first" else x.swapaxes(1, 2)

    def get_config(self) -> dict:
        return {**super().get_config(), "data_format": self.data_format}
