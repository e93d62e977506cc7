"""MelSpectrogram and STFTSpectrogram, as in Keras."""

import json

import jax
import keras
import numpy as np
import pytest
import scipy.signal

import hornbill as hb
from hornbill.engine.serialize import deserialize, serialize

TIME = np.arange(320) / 8000
SIGNAL = np.stack([np.sin(2000 * np.pi * TIME), np.sign(np.sin(800 * np.pi * TIME))])
SIGNAL = SIGNAL.astype("float32")
STEREO = np.stack([SIGNAL, SIGNAL[::-1] * 0.3], axis=-1)[:, :96]


def through_json(layer):
    return deserialize(json.loads(json.dumps(serialize(layer))))


@pytest.mark.parametrize(
    ("settings", "x"),
    [
        ({}, SIGNAL),
        ({"sequence_length": 48, "window": "hamming", "max_freq": 3000.0}, SIGNAL),
        ({"power_to_db": False, "mag_exp": 1.0, "window": None}, SIGNAL[0]),
        ({"top_db": 20.0, "ref_power": 2.0, "min_power": 1e-3, "min_freq": 100.0}, SIGNAL),
    ],
)
def test_mel(settings, x):
    settings = {"fft_length": 64, "sequence_stride": 32, "num_mel_bins": 8, **settings}
    settings["sampling_rate"] = 8000
    ours = through_json(hb.layers.MelSpectrogram(**settings))
    expected = keras.layers.MelSpectrogram(**settings)(x)
    got = jax.jit(ours)(x)
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-4)
    assert ours.compute_output_shape(x.shape) == got.shape
    symbolic = ours(hb.Input(batch_shape=(None, 320)))
    assert symbolic.shape == (None, 8, 11)
    half = hb.layers.MelSpectrogram(**settings, dtype="mixed_bfloat16")
    assert half(hb.Input(batch_shape=(None, 320))).dtype == "bfloat16"


def test_mel_matrix():
    layer, theirs = hb.layers.MelSpectrogram(), keras.layers.MelSpectrogram()
    got, expected = layer.linear_to_mel_weight_matrix(), theirs.linear_to_mel_weight_matrix()
    np.testing.assert_allclose(got, expected, atol=2e-5)


STFT = [
    {"mode": "log"},
    {"mode": "magnitude", "padding": "same", "window": "hamming", "periodic": True},
    {"mode": "psd", "scaling": "spectrum", "expand_dims": True},
    {"mode": "real", "window": None, "frame_step": 5},
    {"mode": "imag", "fft_length": 32, "scaling": None, "data_format": "channels_first"},
    {"mode": "angle", "data_format": "channels_first", "expand_dims": True},
    {"mode": "stft", "window": np.linspace(0.1, 1, 16)},
]


@pytest.mark.parametrize("settings", STFT, ids=[s["mode"] for s in STFT])
def test_stft(settings):
    settings = {"frame_length": 16, **settings}
    x = STEREO.swapaxes(1, 2) if settings.get("data_format") == "channels_first" else STEREO
    theirs = keras.layers.STFTSpectrogram(**settings)
    expected = theirs(x)
    ours = through_json(hb.layers.STFTSpectrogram(**settings))
    got = jax.jit(ours)(x)
    assert got.shape == expected.shape
    if settings["mode"] == "angle":  # angles of what is zero but for rounding mean nothing
        keep = keras.layers.STFTSpectrogram(**{**settings, "mode": "magnitude"})(x) > 1e-2
        got, expected = np.where(keep, got, 0), np.where(keep, expected, 0)
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5)
    for mine, other in zip(ours.weights, theirs.weights, strict=True):
        assert mine.name == other.name
        np.testing.assert_allclose(mine.numpy(), other, atol=1e-6)
    assert ours.compute_output_shape(x.shape) == got.shape
    assert ours(hb.Input(batch_shape=(None, *x.shape[1:]))).shape == (None, *got.shape[1:])


def test_stft_is_scipys():
    x = SIGNAL[:1, :64]
    layer = hb.layers.STFTSpectrogram("psd", frame_length=16, frame_step=8, periodic=True)
    _, _, expected = scipy.signal.spectrogram(
        x[0], fs=1.0, window="hann", nperseg=16, noverlap=8, detrend=False, mode="psd"
    )
    np.testing.assert_allclose(layer(x[..., None])[0].T, expected, rtol=1e-4, atol=1e-5)


def test_stft_trains():
    layer = hb.layers.STFTSpectrogram("magnitude", frame_length=16)
    model = hb.Sequential([hb.Input((96, 2)), layer])
    model.compile("sgd", "mse")
    before = layer.get_weights()
    model.fit(STEREO, np.zeros((2, 11, 18)), verbose=0)
    assert all(np.abs(a - b).max() > 0 for a, b in zip(before, layer.get_weights(), strict=True))
    assert not hb.layers.STFTSpectrogram(trainable=False).trainable_variables


L = hb.layers


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (lambda: L.MelSpectrogram(fft_length=0), "fft_length is a positive int"),
        (lambda: L.MelSpectrogram(sequence_length=4096), "at most fft_length"),
        (lambda: L.MelSpectrogram(min_freq=9000.0), "below max_freq"),
        (lambda: L.MelSpectrogram(num_mel_bins=0), "num_mel_bins is a positive int"),
        (lambda: L.STFTSpectrogram("power"), "mode is one of"),
        (lambda: L.STFTSpectrogram(frame_step=0), "between 1 and frame_length"),
        (lambda: L.STFTSpectrogram(fft_length=16), "at least frame_length"),
        (lambda: L.STFTSpectrogram(padding="causal"), "'valid' or 'same'"),
        (lambda: L.STFTSpectrogram(scaling="power"), "scaling is"),
        (lambda: L.STFTSpectrogram(window="no window"), "window"),
        (lambda: L.STFTSpectrogram()(np.ones((1, 300, 1), "int32")), "takes floats"),
    ],
)
def test_wrong_uses(use, message):
    with pytest.raises((ValueError, TypeError), match=message):
        use()


def test_a_length_that_is_no_power_of_two_is_warned_of():
    with pytest.warns(UserWarning, match="power of two"):
        L.STFTSpectrogram(frame_length=16, fft_length=20)
