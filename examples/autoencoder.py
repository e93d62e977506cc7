"""An autoencoder that cleans images: it sees a noisy digit and gives back the clean one.

    python examples/autoencoder.py            # under ten seconds on two cores
    python examples/autoencoder.py --quick    # a few epochs, to see that it runs

Prints the error before and after; draws noisy images, what it made of them, and the truth.
"""

import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import hornbill as hb
from hornbill import layers
from hornbill.datasets import digits

NOISE = 0.4


def autoencoder(size: int = 24) -> hb.Sequential:
    """64 pixels to `size` numbers and back."""
    return hb.Sequential(
        [
            hb.Input((8, 8, 1)),
            layers.GaussianNoise(NOISE),  # new noise at each step; none in evaluation
            layers.Flatten(),
            layers.Dense(256, activation="gelu"),
            layers.Dense(size, name="code"),
            layers.Dense(256, activation="gelu"),
            layers.Dense(64, activation="sigmoid"),
            layers.Reshape((8, 8, 1)),
        ],
        name="autoencoder",
    )


def draw(rows: dict[str, np.ndarray], path: Path) -> None:
    """One row of ten images for each entry."""
    figure = Figure(figsize=(8, 0.9 * len(rows)), layout="constrained")
    axes = figure.subplots(len(rows), 10)
    for line, (title, images) in zip(axes, rows.items(), strict=True):
        for ax, image in zip(line, images[:10], strict=True):
            ax.imshow(image[..., 0], cmap="gray_r", vmin=0, vmax=1)
            ax.set(xticks=[], yticks=[])
        line[0].set_ylabel(title)
    figure.savefig(path, dpi=80)


def main(argv=None) -> dict[str, float]:
    """Trains, prints, draws. Returns what it reached."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a few epochs only")
    parser.add_argument("--out", default=".", help="the folder of the picture")
    options = parser.parse_args(argv)

    hb.utils.set_random_seed(0)
    (x_train, _), (x_test, _) = digits.load_data()
    model = autoencoder()
    model.compile("adam", loss="mse")
    model.fit(x_train, x_train, epochs=20 if options.quick else 200, verbose=0)

    noisy = x_test + np.random.default_rng(1).normal(0, NOISE, x_test.shape).astype("float32")
    cleaned = model.predict(noisy, verbose=0)
    before = float(np.square(noisy.clip(0, 1) - x_test).mean())
    after = float(np.square(cleaned - x_test).mean())
    print(f"Mean squared error: {before:.4f} with noise, {after:.4f} cleaned.")
    rows = {"noisy": noisy, "cleaned": cleaned, "truth": x_test}
    draw(rows, Path(options.out) / "autoencoder.png")
    return {"before": before, "after": after}


if __name__ == "__main__":
    main()
