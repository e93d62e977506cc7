"""A residual network that reads handwritten digits, built with the functional API.

    python examples/resnet.py            # about a minute on two cores
    python examples/resnet.py --quick    # two epochs, to see that it runs

Prints the accuracy on images that it was not trained on; draws the learning curve and the images
that it took for something else.
"""

import argparse
from pathlib import Path

import matplotlib
import numpy as np

import hornbill as hb
from hornbill import layers
from hornbill.datasets import digits

matplotlib.use("Agg")
import matplotlib.pyplot as plt


def block(x, filters: int, strides: int = 1):
    """Two convolutions, and a way around them."""
    around = x
    if strides > 1 or x.shape[-1] != filters:
        around = layers.Conv2D(filters, 1, strides=strides, use_bias=False)(x)
    x = layers.Conv2D(filters, 3, strides=strides, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    x = layers.Activation("relu")(x)
    x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    return layers.Activation("relu")(x + around)


def resnet(widths=(16, 32), blocks: int = 2) -> hb.Model:
    """Stages of `blocks` blocks; each stage after the first halves the image."""
    image = hb.Input((8, 8, 1), name="image")
    x = layers.RandomTranslation(0.1, 0.1, fill_mode="constant")(image)
    x = layers.Conv2D(widths[0], 3, padding="same", activation="relu")(x)
    for stage, width in enumerate(widths):
        for number in range(blocks):
            x = block(x, width, strides=2 if stage > 0 and number == 0 else 1)
    x = layers.GlobalAveragePooling2D()(x)
    return hb.Model(image, layers.Dense(10, activation="softmax")(x), name="resnet")


def draw(history: dict, images, labels, predicted, path: Path) -> None:
    """The learning curve on the left, eight mistakes on the right."""
    figure = plt.figure(figsize=(8, 3), layout="constrained")
    left, right = figure.subfigures(1, 2)
    ax = left.subplots()
    ax.plot(history["accuracy"], label="training")
    ax.plot(history["val_accuracy"], label="validation")
    ax.set(xlabel="epoch", ylabel="accuracy")
    ax.legend()
    wrong = np.flatnonzero(predicted != labels)[:8]
    for ax in right.subplots(2, 4).flat:
        ax.axis("off")
    for ax, i in zip(right.axes, wrong, strict=False):
        ax.imshow(images[i, ..., 0], cmap="gray_r")
        ax.set_title(f"{labels[i]}, not {predicted[i]}", fontsize=9)
    figure.savefig(path, dpi=80)
    plt.close(figure)


def main(argv=None) -> dict[str, float]:
    """Trains, prints, draws. Returns what it reached."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="two epochs only")
    parser.add_argument("--out", default=".", help="the folder of the picture")
    options = parser.parse_args(argv)
    epochs = 2 if options.quick else 20

    hb.utils.set_random_seed(0)
    (x_train, y_train), (x_test, y_test) = digits.load_data()
    model = resnet()
    steps = epochs * (len(x_train) * 9 // 10 // 32)
    model.compile(
        hb.optimizers.AdamW(hb.optimizers.schedules.OneCycle(0.01, steps)),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    history = model.fit(
        x_train, y_train, epochs=epochs, validation_split=0.1, verbose=0 if options.quick else 2
    )
    predicted = model.predict(x_test, verbose=0).argmax(-1)
    accuracy = float((predicted == y_test).mean())
    print(f"{model.count_params():,} weights. Test accuracy: {accuracy:.1%}")
    draw(history.history, x_test, y_test, predicted, Path(options.out) / "resnet.png")
    return {"accuracy": accuracy}


if __name__ == "__main__":
    main()
