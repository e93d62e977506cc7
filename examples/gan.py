"""A generative adversarial network that draws digits: a training step with two optimizers.

    python examples/gan.py            # about half a minute on two cores
    python examples/gan.py --quick    # a few epochs, to see that it runs

Prints what a classifier, trained on real digits, says of the drawn ones; draws a sheet of them.
"""

import argparse
from pathlib import Path

import numpy as np
from matplotlib.image import imsave

import hornbill as hb
from hornbill import layers, ops
from hornbill.datasets import digits

CODE = 32


def perceptron(*widths, dropout: float = 0.0) -> hb.Sequential:
    """Dense layers; the last one is linear."""
    model = hb.Sequential([layers.Flatten()])
    for width in widths[:-1]:
        model.add(layers.Dense(width))
        model.add(layers.LeakyReLU(0.2))
        model.add(layers.Dropout(dropout))
    model.add(layers.Dense(widths[-1]))
    return model


class GAN(hb.Model):
    """Goodfellow et al., arXiv 1406.2661, with the loss that does not saturate."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.generator = perceptron(256, 256, 64)
        self.critic = perceptron(256, 128, 1, dropout=0.3)
        self.seeds = hb.random.SeedGenerator()

    def compile(self, generator_optimizer, critic_optimizer):
        super().compile(generator_optimizer)
        self.critic_optimizer = critic_optimizer

    def call(self, codes, training=None):
        pixels = ops.sigmoid(self.generator(codes, training=training))
        return ops.reshape(pixels, (-1, 8, 8, 1))

    def codes(self, count: int):
        return hb.random.normal((count, CODE), seed=self.seeds)

    def train_step(self, real):
        count = real.shape[0]

        def critic_loss():
            drawn = ops.stop_gradient(self(self.codes(count), training=True))
            on_real = self.critic(real, training=True)
            on_drawn = self.critic(drawn, training=True)
            return ops.mean(ops.softplus(-on_real)) + ops.mean(ops.softplus(on_drawn))

        def generator_loss():
            drawn = self(self.codes(count), training=True)
            return ops.mean(ops.softplus(-self.critic(drawn, training=True)))

        logs = {}
        for name, loss_fn, part, optimizer in (
            ("critic", critic_loss, self.critic, self.critic_optimizer),
            ("generator", generator_loss, self.generator, self.optimizer),
        ):
            logs[name], gradients = hb.value_and_grad(loss_fn, part.trainable_variables)
            optimizer.apply(gradients, part.trainable_variables)
        return logs


def judged(images, x, y) -> tuple[float, int]:
    """How sure a classifier of real digits is of `images`, and how many digits it finds there."""
    judge = perceptron(128, 10, dropout=0.2)
    judge.compile("adam", hb.losses.SparseCategoricalCrossentropy(from_logits=True))
    judge.fit(x, y, epochs=20, verbose=0)
    scores = np.asarray(ops.softmax(judge.predict(images, verbose=0)))
    counts = np.bincount(scores.argmax(-1), minlength=10)
    return float(scores.max(-1).mean()), int((counts > 0.01 * len(images)).sum())


def main(argv=None) -> dict[str, float]:
    """Trains, prints, draws. Returns what it reached."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a few epochs only")
    parser.add_argument("--out", default=".", help="the folder of the picture")
    options = parser.parse_args(argv)

    hb.utils.set_random_seed(0)
    (x_train, y_train), _ = digits.load_data()
    model = GAN()
    model.compile(*(hb.optimizers.Adam(0.0005, beta_1=0.5) for _ in range(2)))
    model.fit(x_train, batch_size=64, epochs=30 if options.quick else 600, verbose=0)
    drawn = model.predict(np.random.default_rng(0).normal(size=(1000, CODE)), verbose=0)
    sure, kinds = judged(drawn, x_train, y_train)
    print(f"A classifier finds {kinds} of 10 digits among 1,000, and is {sure:.0%} sure of each.")

    tiles = np.pad(drawn[:100, ..., 0], [(0, 0), (1, 1), (1, 1)])
    sheet = tiles.reshape(5, 20, 10, 10).swapaxes(1, 2).reshape(50, 200)
    imsave(Path(options.out) / "gan.png", sheet.repeat(4, 0).repeat(4, 1), cmap="gray_r")
    return {"sure": sure, "kinds": kinds}


if __name__ == "__main__":
    main()
