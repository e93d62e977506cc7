"""Folders of sounds as datasets."""

import math

import numpy as np

from ..training.data.dataset import stack
from .directory import directory_dataset


def audio_dataset_from_directory(
    directory,
    labels="inferred",
    label_mode: str | None = "int",
    class_names=None,
    batch_size: int | None = 32,
    sampling_rate: int | None = None,
    output_sequence_length: int | None = None,
    ragged: bool = False,
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    follow_links: bool = False,
    verbose: bool = True,
):
    """The sounds (`.wav`) below a folder as a dataset.

    Args:
        directory: the folder; with `labels="inferred"` it holds a folder for each class.
        labels: `"inferred"`, None, or a list of ints, one for each file in the order of the paths.
        label_mode: `"int"`, `"categorical"` (one-hot rows), `"binary"` (a float column) or None.
        class_names: the classes' folders in the order of their labels; alphabetical when None.
        batch_size: sounds per batch; None gives single sounds.
        sampling_rate: samples per second to which all are resampled (by `scipy.signal`'s
            polyphase filter); None leaves them.
        output_sequence_length: samples to which all are cut or filled up with silence; when
            None, each batch is filled up to its longest.
        ragged: False; Hornbill has dense arrays only.
        shuffle: whether each reading has an order of its own; else alphabetical.
        seed: of the order.
        validation_split: the share of the files in the validation part.
        subset: `"training"`, `"validation"` or `"both"`, with `validation_split`.
        follow_links: whether links to folders are followed.
        verbose: whether the numbers of files are printed.

    Returns:
        A `Dataset` of float32 arrays in [-1, 1] of shape `(batch, samples, channels)`, or of pairs
        of these and labels; with `subset="both"` a list of the training and the validation part.
        It has `class_names` and `file_paths`.

    >>> import hornbill as hb, numpy as np, tempfile, os
    >>> from scipy.io import wavfile
    >>> folder = tempfile.mkdtemp()
    >>> for name in ("a", "b"):
    ...     os.mkdir(f"{folder}/{name}")
    ...     wavfile.write(f"{folder}/{name}/1.wav", 8000, np.zeros(50, "int16"))
    >>> data = hb.utils.audio_dataset_from_directory(folder, verbose=False)
    >>> [(x.shape, y.shape) for x, y in data]
    [((2, 50, 1), (2,))]
    """
    who = "audio_dataset_from_directory"
    if ragged:
        raise ValueError(
            f"{who}: Hornbill has dense arrays only. Leave ragged out; batches are filled up to "
            "their longest sound. Received: ragged=True"
        )
    for name, value in (
        ("sampling_rate", sampling_rate),
        ("output_sequence_length", output_sequence_length),
    ):
        if value is not None and (not isinstance(value, (int, np.integer)) or value < 1):
            raise ValueError(f"{who}'s {name} is a positive int. Received: {name}={value!r}")

    def load(path):
        return _fit_length(read_wav(str(path), sampling_rate), output_sequence_length)

    def collate(elements):
        sounds = [e[0] if isinstance(e, tuple) else e for e in elements]
        longest = max(len(s) for s in sounds)
        sounds = [_fit_length(s, longest) for s in sounds]
        if not isinstance(elements[0], tuple):
            return stack(sounds)
        return stack([(s, e[1]) for s, e in zip(sounds, elements, strict=True)])

    return directory_dataset(
        who,
        directory,
        load=load,
        formats=(".wav",),
        labels=labels,
        label_mode=label_mode,
        class_names=class_names,
        batch_size=batch_size,
        shuffle=shuffle,
        seed=seed,
        validation_split=validation_split,
        subset=subset,
        follow_links=follow_links,
        verbose=verbose,
        collate=collate,
    )


def read_wav(path: str, sampling_rate: int | None = None) -> np.ndarray:
    """A WAV file as float32 in [-1, 1], of shape `(samples, channels)`."""
    from scipy.io import wavfile

    rate, sound = wavfile.read(path)
    if sound.dtype == np.uint8:
        sound = (sound.astype("float32") - 128) / 128
    elif sound.dtype.kind == "i":
        sound = sound / float(np.iinfo(sound.dtype).max + 1)
    sound = sound.reshape(len(sound), -1)
    if sampling_rate is not None and sampling_rate != rate:
        from scipy.signal import resample_poly

        common = math.gcd(rate, sampling_rate)
        sound = resample_poly(sound, sampling_rate // common, rate // common, axis=0)
    return sound.astype("float32")


def _fit_length(sound, length):
    if length is None or len(sound) == length:
        return sound
    return np.pad(sound[:length], [(0, max(length - len(sound), 0)), (0, 0)])
