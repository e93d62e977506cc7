"""MelSpectrogram: audio to the energy in bands as people hear them."""

import jax.numpy as jnp
import numpy as np

from ... import ops
from .arrays import ArrayLayer


class MelSpectrogram(ArrayLayer):
    """Waveforms to mel spectrograms: short-time Fourier transform, mel bands, decibels.

    Args:
        fft_length: the length of the Fourier transform, in samples.
        sequence_stride: the samples from one frame to the next.
        sequence_length: the length of a frame; `fft_length` when None, and at most that.
        window: `"hann"`, `"hamming"`, an array of `sequence_length` values, or None.
        sampling_rate: samples per second.
        num_mel_bins: how many bands there are.
        min_freq, max_freq: the range of the bands in hertz; up to half the sampling rate when
            `max_freq` is None.
        power_to_db: whether the result is in decibels.
        top_db: how far below the loudest value of the call the decibels may go.
        mag_exp: the exponent of the magnitudes: 1 for magnitudes, 2 for power.
        min_power: the least power and reference that the logarithm sees.
        ref_power: the power that is 0 dB.

    Input shape: `(samples,)` or `(batch, samples)`.
    Output shape: `(num_mel_bins, frames)` or `(batch, num_mel_bins, frames)`.
    Bands: triangles of height 1, evenly spaced in `1127 ln(1 + hertz / 700)` (HTK's formula,
    http://htk.eng.cam.ac.uk).

    >>> import hornbill as hb
    >>> layer = hb.layers.MelSpectrogram(fft_length=64, sequence_stride=32, num_mel_bins=8)
    >>> layer(hb.ops.ones((2, 320))).shape
    (2, 8, 11)
    """

    def __init__(
        self,
        fft_length: int = 2048,
        sequence_stride: int = 512,
        sequence_length: int | None = None,
        window="hann",
        sampling_rate: int = 16000,
        num_mel_bins: int = 128,
        min_freq: float = 20.0,
        max_freq: float | None = None,
        power_to_db: bool = True,
        top_db: float = 80.0,
        mag_exp: float = 2.0,
        min_power: float = 1e-10,
        ref_power: float = 1.0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        sizes = {"fft_length": fft_length, "sequence_stride": sequence_stride}
        sizes["num_mel_bins"] = num_mel_bins
        for name, value in sizes.items():
            if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
                raise ValueError(
                    f"MelSpectrogram's {name} is a positive int. Received: {name}={value!r}"
                )
        self.sequence_length = sequence_length or fft_length
        if self.sequence_length > fft_length:
            raise ValueError(
                "MelSpectrogram's sequence_length is at most fft_length. "
                f"Received: sequence_length={sequence_length}, fft_length={fft_length}"
            )
        self.max_freq = max_freq or int(sampling_rate / 2)
        if not 0 <= min_freq < self.max_freq:
            raise ValueError(
                "MelSpectrogram's min_freq lies below max_freq. "
                f"Received: min_freq={min_freq}, max_freq={self.max_freq}"
            )
        self.fft_length, self.sequence_stride, self.window = fft_length, sequence_stride, window
        self.sampling_rate, self.num_mel_bins, self.min_freq = sampling_rate, num_mel_bins, min_freq
        self.power_to_db, self.top_db, self.mag_exp = power_to_db, top_db, mag_exp
        self.min_power, self.ref_power = min_power, ref_power

    def call(self, inputs):
        # Fourier transforms have no 16 bits.
        dtype = self.compute_dtype if self.compute_dtype == "float64" else "float32"
        real, imaginary = ops.stft(
            inputs.astype(dtype),
            sequence_length=self.sequence_length,
            sequence_stride=self.sequence_stride,
            fft_length=self.fft_length,
            window=self.window,
            center=True,
        )
        x = jnp.hypot(real, imaginary) ** self.mag_exp
        x = x @ self.linear_to_mel_weight_matrix(
            self.num_mel_bins,
            self.fft_length // 2 + 1,
            self.sampling_rate,
            self.min_freq,
            self.max_freq,
            dtype,
        )
        if self.power_to_db:
            x = self._decibels(x) - self._decibels(abs(self.ref_power))
            x = jnp.maximum(x, x.max() - self.top_db)
        return x.swapaxes(-1, -2).astype(self.compute_dtype)

    def _decibels(self, power):
        return 10 * jnp.log10(jnp.maximum(power, self.min_power))

    def linear_to_mel_weight_matrix(
        self,
        num_mel_bins: int = 20,
        num_spectrogram_bins: int = 129,
        sampling_rate: float = 8000,
        lower_edge_hertz: float = 125.0,
        upper_edge_hertz: float = 3800.0,
        dtype: str = "float32",
    ):
        """The matrix that turns a spectrum's bins into mel bands: `mel = spectrum @ matrix`.

        Args:
            num_mel_bins: how many bands there are.
            num_spectrogram_bins: the bins of the spectrum, from 0 to half the sampling rate.
            sampling_rate: samples per second.
            lower_edge_hertz, upper_edge_hertz: where the first band begins and the last one ends.
            dtype: the matrix's dtype.

        Returns:
            An array of shape `(num_spectrogram_bins, num_mel_bins)`; the bin of 0 hertz counts
            nowhere.
        """
        edges = np.linspace(_mel(lower_edge_hertz), _mel(upper_edge_hertz), num_mel_bins + 2)
        bins = _mel(np.linspace(0.0, sampling_rate / 2, num_spectrogram_bins))[:, None]
        lower, center, upper = edges[:-2], edges[1:-1], edges[2:]
        rising, falling = (bins - lower) / (center - lower), (upper - bins) / (upper - center)
        matrix = np.maximum(0.0, np.minimum(rising, falling))
        matrix[0] = 0.0
        return jnp.asarray(matrix, dtype)


def _mel(hertz):
    return 1127.0 * np.log1p(np.asarray(hertz) / 700.0)
