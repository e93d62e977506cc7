"""Reuters: newswires and their topics."""

import numpy as np

from . import words
from .source import check_test_split, fetch, load_npz, shuffled, split

HASH = "d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916"
INDEX_HASH = "4d44cc38712099c9e383dc6e5f11a921"

# The names of the topics, in the order of the labels.
TOPICS = tuple(
    "cocoa grain veg-oil earn acq wheat copper housing money-supply coffee sugar trade reserves "
    "ship cotton carcass crude nat-gas cpi money-fx interest gnp meal-feed alum oilseed gold tin "
    "strategic-metal livestock retail ipi iron-steel rubber heat jobs lei bop zinc orange pet-chem "
    "dlr gas silver wpi hog lead".split()
)


def load_data(
    path: str = "reuters.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    test_split: float = 0.2,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int | None = 3,
):
    """11,228 newswires on 46 topics (from Reuters-21578), each a list of word numbers.

    Args:
        path: the name of the file in the cache's folder `datasets`.
        num_words: word numbers from here on become `oov_char`; None keeps all.
        skip_top: word numbers below this become `oov_char`.
        maxlen: texts of so many words or more are left out.
        test_split: the share of the texts in the test part.
        seed: of the shuffling before the cut.
        start_char: stands in front of each text; None for nothing.
        oov_char: stands for words left out; None drops them.
        index_from: what is added to each word's number.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: arrays of lists of ints, and labels from 0 to 45.

    Raises:
        ConnectionError: if the file is not in the cache and cannot be downloaded.
    """
    check_test_split(test_split)
    # The lists are pickled in the file: its checksum is compared first, and only arrays are built.
    file = load_npz(fetch(path, "reuters.npz", HASH))
    x, y = shuffled(np.random.RandomState(seed), file["x"], file["y"])
    x, y = words.shorter(words.number(x, start_char, index_from), y, maxlen)
    return split(words.keep_words(x, num_words, skip_top, oov_char), y, test_split)


def get_word_index(path: str = "reuters_word_index.json") -> dict[str, int]:
    """The numbers of the words, before `index_from` is added.

    Args:
        path: the name of the file in the cache's folder `datasets`.
    """
    return words.word_index(path, "reuters_word_index.json", INDEX_HASH)


def get_label_names() -> tuple[str, ...]:
    """The topics, in the order of the labels.

    >>> import hornbill as hb
    >>> hb.datasets.reuters.get_label_names()[3]
    'earn'
    """
    return TOPICS
