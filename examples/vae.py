"""A variational autoencoder with a code of two numbers, which are the axes of a map of digits.

    python examples/vae.py            # under a quarter of a minute on two cores
    python examples/vae.py --quick    # a few epochs, to see that it runs

A subclassed model: `call` adds the divergence to the loss with `add_loss` and shows it in the logs
with `log`. Prints the bound on test images; draws what the map holds, and where digits lie on it.
"""

import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import hornbill as hb
from hornbill import layers, ops
from hornbill.datasets import digits


class VAE(hb.Model):
    """Kingma and Welling, "Auto-Encoding Variational Bayes", arXiv 1312.6114."""

    def __init__(self, size: int = 2, **kwargs):
        super().__init__(**kwargs)
        hidden = [layers.Dense(128, activation="gelu") for _ in range(4)]
        self.encoder = hb.Sequential([layers.Flatten(), *hidden[:2], layers.Dense(2 * size)])
        self.decoder = hb.Sequential([*hidden[2:], layers.Dense(64), layers.Reshape((8, 8, 1))])
        self.seeds = hb.random.SeedGenerator()

    def call(self, images, training=None):
        mean, log_variance = ops.split(self.encoder(images), 2, axis=-1)
        divergence = 0.5 * ops.sum(
            ops.square(mean) + ops.exp(log_variance) - 1 - log_variance, axis=-1
        )
        self.add_loss(ops.mean(divergence))
        self.log("divergence", ops.mean(divergence))
        code = mean
        if training:
            noise = hb.random.normal(ops.shape(mean), seed=self.seeds)
            code = mean + ops.exp(log_variance / 2) * noise
        return self.decoder(code)


def nats(images, logits):
    """The cross-entropy of an image's pixels, summed over the image."""
    entropy = ops.binary_crossentropy(images, logits, from_logits=True)
    return ops.sum(entropy, axis=(1, 2, 3))


def draw(model: VAE, images, labels, path: Path) -> None:
    """The decoded map on the left, the codes of images on the right."""
    figure = Figure(figsize=(8, 3.8), layout="constrained")
    left, right = figure.subplots(1, 2)
    ticks = np.linspace(-2.2, 2.2, 12)
    codes = np.stack(np.meshgrid(ticks, ticks[::-1]), axis=-1).reshape(-1, 2).astype("float32")
    tiles = np.pad(ops.sigmoid(model.decoder(codes))[..., 0], [(0, 0), (1, 1), (1, 1)])
    sheet = tiles.reshape(12, 12, 10, 10).swapaxes(1, 2).reshape(120, 120)
    left.imshow(sheet, cmap="gray_r", extent=[-2.4, 2.4] * 2)
    left.set_title("what the decoder makes of each place")
    mean = np.asarray(model.encoder(images))[:, :2]
    points = right.scatter(*mean.T, c=labels, cmap="tab10", s=8)
    right.set_title("where the encoder puts test images")
    figure.colorbar(points, ticks=range(10))
    figure.savefig(path, dpi=75)


def main(argv=None) -> dict[str, float]:
    """Trains, prints, draws. Returns what it reached."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a few epochs only")
    parser.add_argument("--out", default=".", help="the folder of the picture")
    options = parser.parse_args(argv)

    hb.utils.set_random_seed(0)
    (x_train, _), (x_test, y_test) = digits.load_data()
    model = VAE()
    model.compile(hb.optimizers.Adam(0.002), loss=nats)
    model.fit(x_train, x_train, epochs=15 if options.quick else 300, verbose=0)
    result = model.evaluate(x_test, x_test, verbose=0, return_dict=True)
    ink = np.full_like(x_test, x_train.mean())  # what to guess without a model
    alone = float(np.mean(nats(x_test, np.log(ink / (1 - ink)))))
    print(
        f"Test loss: {result['loss']:.1f} nats an image, {result['divergence']:.1f} of them for "
        f"the code; {alone:.1f} for pixels guessed at the mean ink."
    )
    draw(model, x_test, y_test, Path(options.out) / "vae.png")
    return {"loss": result["loss"], "divergence": result["divergence"], "alone": alone}


if __name__ == "__main__":
    main()
