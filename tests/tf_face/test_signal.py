"""`tf.signal` against NumPy, SciPy and what TensorFlow 2.21 gives."""

import numpy as np
import pytest
import scipy.fft

import hornbill.tensorflow as tf

WAVE = np.sin(np.arange(20) * 0.7).astype("float32")
signal = tf.signal


def test_fourier():
    for ours, theirs in [
        (signal.fft(WAVE), np.fft.fft(WAVE)),
        (signal.ifft(WAVE), np.fft.ifft(WAVE)),
        (signal.rfft(WAVE, fft_length=[32]), np.fft.rfft(WAVE, 32)),
        (signal.irfft(np.fft.rfft(WAVE)), WAVE),
        (signal.fft2d(WAVE.reshape(4, 5)), np.fft.fft2(WAVE.reshape(4, 5))),
        (signal.ifft2d(np.fft.fft2(WAVE.reshape(4, 5))), WAVE.reshape(4, 5)),
        (signal.fftshift(WAVE), np.fft.fftshift(WAVE)),
        (signal.ifftshift(signal.fftshift(WAVE)), WAVE),
        (signal.dct(WAVE), scipy.fft.dct(WAVE)),
        (signal.dct(WAVE, norm="ortho"), scipy.fft.dct(WAVE, norm="ortho")),
    ]:
        np.testing.assert_allclose(ours, theirs, atol=2e-5)
    with pytest.raises(ValueError, match="type 2"):
        signal.dct(WAVE, type=3)


def test_short_time():
    spectrum = signal.stft(WAVE, 8, 4)
    assert spectrum.shape == (4, 5)
    expected = [-1.46944, 1.28008 + 1.50604j, -0.52397 - 0.65684j]
    np.testing.assert_allclose(spectrum[1, :3], expected, atol=1e-4)
    padded = signal.stft(WAVE, 6, 3, 8, pad_end=True)
    np.testing.assert_allclose(padded[-1, :2], [0.16739, 0.11836 - 0.11836j], atol=1e-4)
    assert signal.stft(WAVE, 6, 3).shape == (5, 5)
    window = signal.inverse_stft_window_fn(4)
    again = signal.inverse_stft(spectrum, 8, 4, window_fn=window)
    np.testing.assert_allclose(again[4:-4], WAVE[4:-4], atol=1e-5)


def test_frames_and_windows():
    assert signal.frame(np.arange(7), 3, 2).numpy().tolist() == [[0, 1, 2], [2, 3, 4], [4, 5, 6]]
    padded = signal.frame(np.arange(7), 3, 2, pad_end=True, pad_value=9)
    assert padded.numpy().tolist()[-1] == [6, 9, 9]
    added = signal.overlap_and_add([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], 2)
    assert added.numpy().tolist() == [1.0, 2.0, 7.0, 5.0, 6.0]
    np.testing.assert_allclose(signal.hann_window(5), [0, 0.5, 1, 0.5, 0], atol=1e-6)
    np.testing.assert_allclose(signal.hann_window(4), [0, 0.5, 1, 0.5], atol=1e-6)
    hamming = signal.hamming_window(4, periodic=False)
    np.testing.assert_allclose(hamming, [0.08, 0.77, 0.77, 0.08], atol=1e-6)


def test_mel():
    weights = signal.linear_to_mel_weight_matrix(4, 9, 8000, 100.0, 3500.0)
    np.testing.assert_allclose(weights[1], [0.77741, 0.22259, 0, 0], atol=1e-5)
    np.testing.assert_allclose(weights[4], [0, 0, 0.33224, 0.66776], atol=1e-5)
    coefficients = signal.mfccs_from_log_mel_spectrograms([[1.0, 2.0, 4.0, 3.0]])
    np.testing.assert_allclose(coefficients[0], [7.07107, -1.84776, -1, 0.76537], atol=1e-5)
    with pytest.raises(ValueError, match="edges"):
        signal.linear_to_mel_weight_matrix(upper_edge_hertz=9000.0)
