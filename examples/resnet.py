"""A residual network that reads handwritten digits, built with the functional API.

    python examples/resnet.py            # about twenty seconds on two cores
    python examples/resnet.py --quick    # five epochs, to see that it runs

Prints the accuracy on images that it was not trained on; draws the learning curve and the images
of which it is least sure.
"""

import argparse
from pathlib import Path

from matplotlib.figure import Figure

import hornbill as hb
from hornbill import layers
from hornbill.datasets import digits


def block(x, filters: int, strides: int = 1):
    """Two convolutions, and a way around them."""
    around = x
    if strides > 1 or x.shape[-1] != filters:
        around = layers.Conv2D(filters, 1, strides=strides, use_bias=False)(x)
    x = layers.Conv2D(filters, 3, strides=strides, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization(momentum=0.9)(x)
    x = layers.Activation("relu")(x)
    x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization(momentum=0.9)(x)
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


def draw(history: dict, images, labels, probabilities, path: Path) -> None:
    """The learning curve on the left, the eight least certain answers on the right."""
    figure = Figure(figsize=(8, 3), layout="constrained")
    left, right = figure.subfigures(1, 2)
    ax = left.subplots()
    ax.plot(history["accuracy"], label="training")
    ax.plot(history["val_accuracy"], label="validation")
    ax.set(xlabel="epoch", ylabel="accuracy")
    ax.legend()
    predicted, sure = probabilities.argmax(-1), probabilities.max(-1)
    for ax, i in zip(right.subplots(2, 4).flat, sure.argsort(), strict=False):
        ax.imshow(images[i, ..., 0], cmap="gray_r")
        ax.axis("off")
        mistake = "" if predicted[i] == labels[i] else f" (is {labels[i]})"
        ax.set_title(f"{predicted[i]}, {sure[i]:.0%}{mistake}", fontsize=8)
    figure.savefig(path, dpi=80)


def main(argv=None) -> dict[str, float]:
    """Trains, prints, draws. Returns what it reached."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="five epochs only")
    parser.add_argument("--out", default=".", help="the folder of the picture")
    options = parser.parse_args(argv)
    epochs = 5 if options.quick else 20

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
    probabilities = model.predict(x_test, verbose=0)
    accuracy = float((probabilities.argmax(-1) == y_test).mean())
    print(f"{model.count_params():,} weights. Test accuracy: {accuracy:.1%}")
    draw(history.history, x_test, y_test, probabilities, Path(options.out) / "resnet.png")
    return {"accuracy": accuracy}


if __name__ == "__main__":
    main()
