"""Sequences, as Keras 2 had them: windows of time series, pairs of words for word2vec."""

import json
import random
from collections.abc import Sequence

import numpy as np

from ...preprocessing.sequence import pad_sequences
from ...training.data.pydataset import PyDataset
from ..missing import missing

__all__ = ["TimeseriesGenerator", "make_sampling_table", "pad_sequences", "skipgrams"]
__getattr__ = missing("tf.keras.preprocessing.sequence", __all__)

_EULER = 0.577  # the Euler-Mascheroni constant, as exact as Keras has it


class TimeseriesGenerator(PyDataset):
    """Batches of windows of a time series, each with the target that follows it.

    The window of row `i` is `data[i - length : i : sampling_rate]`, its target `targets[i]`.

    Args:
        data: a list or an array whose first axis is the time.
        targets: as many targets.
        length: how many time steps a window spans.
        sampling_rate: every how many of them one is taken.
        stride: the time steps from a window to the next.
        start_index: data before it is not used.
        end_index: the last row that is a target; the last of all when None.
        shuffle: whether a batch holds windows drawn at random, with replacement, by NumPy's global
            generator.
        reverse: whether the windows run backwards in time.
        batch_size: windows per batch; the last one may hold fewer.
        kwargs: `workers`, `use_multiprocessing` and `max_queue_size` of a `Sequence`.

    Raises:
        ValueError: if data and targets differ in length, or no whole window is left.

    >>> import hornbill.tensorflow as tf, numpy as np
    >>> series = np.arange(6.0)
    >>> windows = tf.keras.preprocessing.sequence.TimeseriesGenerator(series, series, length=3)
    >>> x, y = windows[0]
    >>> x.tolist(), y.tolist()
    ([[0.0, 1.0, 2.0], [1.0, 2.0, 3.0], [2.0, 3.0, 4.0]], [3.0, 4.0, 5.0])
    """

    def __init__(
        self,
        data: Sequence,
        targets: Sequence,
        length: int,
        sampling_rate: int = 1,
        stride: int = 1,
        start_index: int = 0,
        end_index: int | None = None,
        shuffle: bool = False,
        reverse: bool = False,
        batch_size: int = 128,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if len(data) != len(targets):
            raise ValueError(
                "TimeseriesGenerator needs a target for each row of data. "
                f"Received: {len(data)} rows, {len(targets)} targets"
            )
        self.data = data
        self.targets = targets
        self.length = length
        self.sampling_rate = sampling_rate
        self.stride = stride
        self.start_index = start_index + length  # the first target, as scripts know it
        self.end_index = len(data) - 1 if end_index is None else end_index
        self.shuffle = shuffle
        self.reverse = reverse
        self.batch_size = batch_size
        if self.start_index > self.end_index:
            raise ValueError(
                "TimeseriesGenerator has no whole window: start_index + length is at most "
                f"end_index. Received: start_index={start_index}, length={length}, "
                f"end_index={self.end_index}"
            )

    def __len__(self) -> int:
        rows = self.end_index - self.start_index + 1
        return -(-rows // (self.batch_size * self.stride))

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        if self.shuffle:
            rows = np.random.randint(self.start_index, self.end_index + 1, self.batch_size)
        else:
            span = self.batch_size * self.stride
            first = self.start_index + index * span
            rows = range(first, min(first + span, self.end_index + 1), self.stride)
        windows = [self.data[row - self.length : row : self.sampling_rate] for row in rows]
        x, y = np.array(windows), np.array([self.targets[row] for row in rows])
        return (x[:, ::-1] if self.reverse else x), y

    def get_config(self) -> dict:
        """The arguments, data and targets as JSON texts.

        Raises:
            TypeError: if they are nothing that JSON can hold.
        """
        names = "length sampling_rate stride end_index shuffle reverse batch_size".split()
        return {
            "data": _to_json("data", self.data),
            "targets": _to_json("targets", self.targets),
            "start_index": self.start_index - self.length,
            **{name: getattr(self, name) for name in names},
        }

    def to_json(self, **kwargs) -> str:
        """Class name and config as a JSON text.

        Args:
            kwargs: for `json.dumps`, such as `indent`.
        """
        return json.dumps(
            {"class_name": type(self).__name__, "config": self.get_config()}, **kwargs
        )


def _to_json(name: str, values) -> str:
    try:
        return json.dumps(values.tolist() if hasattr(values, "tolist") else values)
    except TypeError as error:
        raise TypeError(
            f"TimeseriesGenerator's {name} cannot be written as JSON: use lists or arrays of "
            f"numbers. Received: {error}"
        ) from None


def make_sampling_table(size: int, sampling_factor: float = 1e-5) -> np.ndarray:
    """How probably word2vec keeps the word of each rank: the more frequent, the less.

    By Zipf's law a word of rank r has the frequency
    `f(r) = 1 / (r (log r + 0.577) + 1/2 - 1 / (12 r))`, and is kept with the probability
    `min(1, sqrt(sampling_factor / f(r)))`.

    Args:
        size: the number of ranks; rank 0, which is no word, has the number of rank 1.
        sampling_factor: the frequency below which words are always kept.

    Returns:
        An array of shape `(size,)`.

    >>> import hornbill.tensorflow as tf
    >>> tf.keras.preprocessing.sequence.make_sampling_table(4).round(4).tolist()
    [0.0032, 0.0032, 0.0055, 0.0074]
    """
    rank = np.maximum(np.arange(size), 1)
    inverse_frequency = rank * (np.log(rank) + _EULER) + 0.5 - 1 / (12 * rank)
    return np.minimum(1.0, np.sqrt(sampling_factor * inverse_frequency))


def skipgrams(
    sequence: Sequence[int],
    vocabulary_size: int,
    window_size: int = 4,
    negative_samples: float = 1.0,
    shuffle: bool = True,
    categorical: bool = False,
    sampling_table: Sequence[float] | None = None,
    seed: int | None = None,
) -> tuple[list, list]:
    """Pairs of words that stand near each other, and pairs that were drawn: word2vec's data.

    Args:
        sequence: a text as ints; 0 is no word and left out.
        vocabulary_size: the greatest int plus one.
        window_size: how far apart the words of a pair stand at most.
        negative_samples: how many drawn pairs there are for each true one.
        shuffle: whether the pairs are put in a random order.
        categorical: whether labels are `[0, 1]` and `[1, 0]` instead of 1 and 0.
        sampling_table: with what probability each int's pairs are kept, as
            `make_sampling_table` gives it.
        seed: of the order alone; Python's global `random` draws the pairs.

    Returns:
        `(pairs, labels)`: lists of two ints, and 1 (true) or 0 (drawn) for each.

    Source: Mikolov et al., "Efficient Estimation of Word Representations in Vector Space"
    (arXiv 1301.3781).

    >>> import hornbill.tensorflow as tf
    >>> sequence = tf.keras.preprocessing.sequence
    >>> sequence.skipgrams([1, 2, 3], 4, window_size=1, negative_samples=0, shuffle=False)
    ([[1, 2], [2, 1], [2, 3], [3, 2]], [1, 1, 1, 1])
    """
    pairs = []
    for place, word in enumerate(sequence):
        # The draws are Keras's, in its order: a seeded script gets the same pairs.
        if not word or (sampling_table is not None and sampling_table[word] < random.random()):
            continue
        near = range(max(0, place - window_size), min(len(sequence), place + window_size + 1))
        pairs += [[word, sequence[i]] for i in near if i != place and sequence[i]]
    true, drawn = ([0, 1], [1, 0]) if categorical else (1, 0)
    negative = int(len(pairs) * negative_samples)
    labels = [true] * len(pairs) + [drawn] * negative
    if negative_samples > 0:
        words = [word for word, _ in pairs]
        random.shuffle(words)
        pairs += [
            [words[i % len(words)], random.randint(1, vocabulary_size - 1)] for i in range(negative)
        ]
    if shuffle:
        seed = random.randint(0, 10_000_000) if seed is None else seed
        for together in (pairs, labels):
            random.seed(seed)
            random.shuffle(together)
    return pairs, labels
