"""A small GPT that learns to write like Python's manual, letter by letter.

    python examples/gpt.py            # three minutes on two cores
    python examples/gpt.py --quick    # a few steps, to see that it runs

The text is the language reference that comes with Python. Prints bits per letter on text that it
has not seen, beside those of a table of letter pairs, and a sample; draws the learning curve.
"""

import argparse
from pathlib import Path
from pydoc_data import topics

import numpy as np
from matplotlib.figure import Figure

import hornbill as hb
from hornbill import layers, ops

LENGTH = 64
LETTERS = "\n" + "".join(map(chr, range(32, 127)))


def to_codes(text: str) -> np.ndarray:
    """Letters as numbers; what is no ASCII is left out."""
    place = {letter: i for i, letter in enumerate(LETTERS)}
    return np.array([place[c] for c in text if c in place], "int32")


class Block(layers.Layer):
    """Attention to what came before, then a thought of its own."""

    def __init__(self, width: int, heads: int, **kwargs):
        super().__init__(**kwargs)
        self.norms = [layers.LayerNormalization() for _ in range(2)]
        self.attention = layers.MultiHeadAttention(heads, width // heads)
        self.think = layers.Dense(4 * width, activation="gelu")
        self.back = layers.Dense(width)

    def call(self, x):
        y = self.norms[0](x)
        x = x + self.attention(y, y, use_causal_mask=True)
        return x + self.back(self.think(self.norms[1](x)))


class GPT(hb.Model):
    """Scores for the next letter at each place."""

    def __init__(self, width: int = 96, heads: int = 4, blocks: int = 2, **kwargs):
        super().__init__(**kwargs)
        self.letters = layers.Embedding(len(LETTERS), width)
        self.places = layers.Embedding(LENGTH, width)
        self.blocks = [Block(width, heads) for _ in range(blocks)]
        self.norm = layers.LayerNormalization()
        self.scores = layers.Dense(len(LETTERS))

    def call(self, codes):
        x = self.letters(codes) + self.places(ops.arange(LENGTH))
        for block in self.blocks:
            x = block(x)
        return self.scores(self.norm(x))

    def write(self, start: str, count: int, temperature: float = 0.7, seed: int = 0) -> str:
        """`start` and `count` letters more."""
        rng, codes = np.random.default_rng(seed), list(to_codes(start))
        for _ in range(count):
            window = codes[-LENGTH:]
            padded = np.array([window + [0] * (LENGTH - len(window))])
            scores = self.predict_on_batch(padded)[0, len(window) - 1] / temperature
            codes.append(int(np.argmax(scores + rng.gumbel(size=len(LETTERS)))))
        return "".join(LETTERS[c] for c in codes)


def pair_bits(train, test) -> float:
    """Bits per letter of a table that says which letter follows which."""
    counts = np.full((len(LETTERS), len(LETTERS)), 0.1)
    np.add.at(counts, (train[:-1], train[1:]), 1)
    chance = counts / counts.sum(1, keepdims=True)
    return float(-np.log2(chance[test[:-1], test[1:]]).mean())


def main(argv=None) -> dict[str, float]:
    """Trains, prints, draws. Returns what it reached."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a smaller model, a few steps")
    parser.add_argument("--out", default=".", help="the folder of the picture")
    options = parser.parse_args(argv)
    epochs, steps = (2, 50) if options.quick else (15, 100)

    hb.utils.set_random_seed(0)
    codes = to_codes("\n".join(topics.topics[name] for name in sorted(topics.topics)))
    train, test = np.split(codes, [len(codes) * 9 // 10])
    starts = np.random.default_rng(0).integers(0, len(train) - LENGTH, epochs * steps * 32)
    windows = train[starts[:, None] + np.arange(LENGTH + 1)]
    data = hb.utils.Dataset.from_arrays((windows[:, :-1], windows[:, 1:])).batch(32)
    unseen = test[: len(test) // (LENGTH + 1) * (LENGTH + 1)].reshape(-1, LENGTH + 1)[:200]
    model = GPT(32, 2, 1) if options.quick else GPT()
    model.compile(
        hb.optimizers.AdamW(hb.optimizers.schedules.OneCycle(0.005, epochs * steps), clipnorm=1.0),
        loss=hb.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    check = unseen[:, :-1], unseen[:, 1:]
    history = model.fit(data.repeat(), epochs=epochs, steps_per_epoch=steps, validation_data=check)
    bits, pairs = history.history["val_loss"][-1] / np.log(2), pair_bits(train, test)
    print(f"{bits:.2f} bits per letter on new text; {pairs:.2f} by a table of letter pairs.")
    print(model.write("The statement", 20 if options.quick else 300))

    figure = Figure(figsize=(6, 3), layout="constrained")
    ax = figure.subplots()
    for name, label in (("loss", "training"), ("val_loss", "new text")):
        ax.plot(range(1, epochs + 1), np.array(history.history[name]) / np.log(2), label=label)
    ax.axhline(pairs, color="gray", ls=":", label="table of letter pairs")
    ax.set(xlabel=f"epoch of {steps} steps", ylabel="bits per letter")
    ax.legend()
    figure.savefig(Path(options.out) / "gpt.png", dpi=80)
    return {"bits": float(bits), "pairs": pairs}


if __name__ == "__main__":
    main()
