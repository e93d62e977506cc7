"""Attention reads short reviews, where what a word says depends on the words around it.

    python examples/text_classifier.py            # under ten seconds on two cores
    python examples/text_classifier.py --quick    # a few epochs, to see that it runs

The reviews are generated: "the food was not bad but the service was awful". The last part
counts, and "not" turns the word after it around. Prints the accuracy of attention and of a bag of
words, which cannot see order; draws which words look at which.
"""

import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import hornbill as hb
from hornbill import layers, ops

GOOD = "good great lovely friendly tasty quick warm perfect".split()
BAD = "bad awful slow rude cold boring salty broken".split()
THINGS = "food service soup music room waiter dessert coffee".split()
LENGTH = 14


def review(rng) -> tuple[str, int]:
    """A sentence of one or two parts, and whether its last part is kind."""
    parts = []
    for _ in range(rng.integers(1, 3)):
        kind, turned = rng.integers(2), rng.integers(2)
        word = rng.choice(GOOD if kind != turned else BAD)
        extra = rng.choice(["", "really ", "so "])
        parts.append(f"the {rng.choice(THINGS)} was {'not ' * turned}{extra}{word}")
    return " but ".join(parts), int(kind)


def bag_of_words(words: int) -> hb.Sequential:
    """Each word's vote, wherever it stands."""
    return hb.Sequential(
        [
            layers.Embedding(words, 32),
            layers.GlobalAveragePooling1D(),
            layers.Dense(32, activation="relu"),
            layers.Dense(1, activation="sigmoid"),
        ]
    )


class Reader(hb.Model):
    """Words and places, one layer of attention, a vote."""

    def __init__(self, words: int, width: int = 32, **kwargs):
        super().__init__(**kwargs)
        self.words = layers.Embedding(words, width, mask_zero=True)
        self.places = layers.Embedding(LENGTH, width)
        self.attention = layers.MultiHeadAttention(2, width // 2)
        self.norms = [layers.LayerNormalization() for _ in range(2)]
        self.think = hb.Sequential([layers.Dense(64, activation="gelu"), layers.Dense(width)])
        self.pool = layers.GlobalAveragePooling1D()
        self.vote = layers.Dense(1, activation="sigmoid")

    def look(self, tokens):
        """What each word became, and where it looked: weights of shape (batch, 2, to, from)."""
        mask = self.words.compute_mask(tokens)
        x = self.words(tokens) + self.places(ops.arange(LENGTH))
        seen, weights = self.attention(
            x, x, attention_mask=mask[:, None, :], return_attention_scores=True
        )
        x = self.norms[0](x + seen)
        return self.norms[1](x + self.think(x)), weights, mask

    def call(self, tokens):
        x, _, mask = self.look(tokens)
        return self.vote(self.pool(x, mask=mask))


def main(argv=None) -> dict[str, float]:
    """Trains, prints, draws. Returns what it reached."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a few epochs only")
    parser.add_argument("--out", default=".", help="the folder of the picture")
    options = parser.parse_args(argv)

    hb.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    texts, labels = zip(*(review(rng) for _ in range(3000)), strict=True)
    to_tokens = layers.TextVectorization(output_sequence_length=LENGTH)
    to_tokens.adapt(list(texts))
    x, y = np.asarray(to_tokens(list(texts))), np.array(labels, "float32")
    words, reached = to_tokens.vocabulary_size(), {}
    for name, model in (("bag of words", bag_of_words(words)), ("attention", Reader(words))):
        model.compile(hb.optimizers.Adam(0.003), "binary_crossentropy", metrics=["accuracy"])
        model.fit(x[:2400], y[:2400], epochs=4 if options.quick else 12, verbose=0)
        _, reached[name] = model.evaluate(x[2400:], y[2400:], verbose=0)
        print(f"{name}: {reached[name]:.1%} of 600 new reviews")

    text = "the food was so good but the waiter was not really friendly"
    weights = np.asarray(model.look(np.asarray(to_tokens([text])))[1])[0]
    shown = text.split()
    figure = Figure(figsize=(8.6, 4.4), layout="constrained")
    axes = figure.subplots(1, 2, sharey=True)
    for head, ax in enumerate(axes):
        ax.imshow(weights[head, : len(shown), : len(shown)], cmap="Blues")
        ax.set_xticks(range(len(shown)), shown, rotation=90)
        ax.set_yticks(range(len(shown)), shown)
        ax.set(title=f"head {head + 1}", xlabel="looks at")
    figure.savefig(Path(options.out) / "text_classifier.png", dpi=70)
    return reached


if __name__ == "__main__":
    main()
