"""IMDB: reviews of films, for or against."""

import numpy as np

from . import words
from .source import fetch, load_npz, shuffled

HASH = "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f"
INDEX_HASH = "bfafd718b763782e994055a2d397834f"


def load_data(
    path: str = "imdb.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int | None = 3,
    **kwargs,
):
    """50,000 reviews of films (Maas et al. 2011), each a list of word numbers by frequency.

    Args:
        path: the name of the file in the cache's folder `datasets`.
        num_words: word numbers from here on become `oov_char`; None keeps all.
        skip_top: word numbers below this become `oov_char`.
        maxlen: texts of so many words or more are left out.
        seed: of the shuffling.
        start_char: stands in front of each text; None for nothing.
        oov_char: stands for words left out; None drops them.
        index_from: what is added to each word's number.
        kwargs: none.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: arrays of lists of ints, and labels 0 and 1.

    Raises:
        ConnectionError: if the file is not in the cache and cannot be downloaded.
    """
    if kwargs:
        raise TypeError(f"imdb.load_data got unknown arguments. Received: {sorted(kwargs)}")
    # The lists are pickled in the file: its checksum is compared first, and only arrays are built.
    file = load_npz(fetch(path, "imdb.npz", HASH))
    rng, parts = np.random.RandomState(seed), []
    for part in ("train", "test"):
        x, y = shuffled(rng, file[f"x_{part}"], file[f"y_{part}"])
        parts.append(words.shorter(words.number(x, start_char, index_from), y, maxlen))
    (x_train, y_train), (x_test, y_test) = parts
    x = words.keep_words([*x_train, *x_test], num_words, skip_top, oov_char)
    return (x[: len(x_train)], y_train), (x[len(x_train) :], y_test)


def get_word_index(path: str = "imdb_word_index.json") -> dict[str, int]:
    """The numbers of the words, before `index_from` is added.

    Args:
        path: the name of the file in the cache's folder `datasets`.
    """
    return words.word_index(path, "imdb_word_index.json", INDEX_HASH)
