"""What a lookup layer knows: its tokens in order, and while it learns, their counts."""

import os
from collections import Counter

import numpy as np


class Vocabulary:
    """Tokens, and the place of each.

    Not a list or a dict of its layer's own: those are searched for layers and variables.
    """

    def __init__(self, tokens=()):
        self.tokens = list(tokens)
        self.places = {token: i for i, token in enumerate(self.tokens)}

    def __len__(self) -> int:
        return len(self.tokens)

    def find(self, values: list, other: int) -> np.ndarray:
        """The place of each value, `other` for those that are no tokens."""
        get = self.places.get
        return np.fromiter((get(v, other) for v in values), np.int64, len(values))


class TokenCounts:
    """How often tokens were seen, and in how many documents."""

    def __init__(self):
        self.tokens: Counter = Counter()
        self.documents: Counter = Counter()
        self.number = 0

    def add(self, documents: list[list]) -> None:
        for document in documents:
            self.tokens.update(document)
            self.documents.update(set(document))
        self.number += len(documents)

    def ranked(self, without: tuple, most: int | None) -> list:
        """The `most` frequent tokens; of equally frequent ones the greater is first."""
        kept = ((n, token) for token, n in self.tokens.items() if token not in without)
        return [token for _, token in sorted(kept, reverse=True)][:most]

    def idf(self, tokens: list) -> np.ndarray:
        """The inverse document frequency of tokens, `log(1 + documents / (1 + with_token))`."""
        found = np.array([self.documents[token] for token in tokens], "float64")
        return np.log(1 + self.number / (1 + found))


def read_lines(path, encoding: str = "utf-8") -> list[str]:
    """A vocabulary file's tokens, one a line, without empty lines at its end.

    Raises:
        ValueError: when there is no such file.
    """
    if not os.path.isfile(path):
        raise ValueError(f"There is no vocabulary file there. Received: vocabulary={path!r}")
    with open(path, encoding=encoding) as file:
        lines = file.read().split("\n")
    while lines and not lines[-1]:
        lines.pop()
    return lines
