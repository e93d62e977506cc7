"""`hornbill demo`: three models, one of each kind, trained on real handwritten digits."""

import time
from pathlib import Path

import numpy as np

from . import layers, ops, random, utils
from .datasets import digits
from .layers import Input
from .models import Model, Sequential
from .visualization import confusion_matrix, plot_learning_curves


def sequential_cnn() -> Sequential:
    """Convolutions and pooling, one layer after the other."""
    return Sequential(
        [
            Input((8, 8, 1)),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dropout(0.3),
            layers.Dense(10, activation="softmax"),
        ],
        name="sequential_cnn",
    )


def two_inputs() -> Model:
    """The image on one side, the ink in its rows and columns on the other, joined."""
    image, profile = Input((8, 8, 1), name="image"), Input((16,), name="profile")
    x = layers.Conv2D(32, 3, activation="relu")(image)
    x = layers.Flatten()(x)
    x = layers.Dense(64, activation="relu")(x)
    y = layers.Dense(32, activation="relu")(profile)
    joined = layers.Dropout(0.3)(layers.concatenate([x, y]))
    outputs = layers.Dense(10, activation="softmax")(joined)
    return Model([image, profile], outputs, name="two_inputs")


class ResidualBlock(layers.Layer):
    """Two convolutions and a way around them."""

    def __init__(self, filters, **kwargs):
        super().__init__(**kwargs)
        self.conv1 = layers.Conv2D(filters, 3, padding="same", activation="relu")
        self.conv2 = layers.Conv2D(filters, 3, padding="same")
        self.norm = layers.BatchNormalization()

    def call(self, x, training=None):
        return x + self.conv2(self.conv1(self.norm(x, training=training)))


class ResidualModel(Model):
    """Free data flow in `call`: a loop over residual blocks, noise while training."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.enter = layers.Conv2D(24, 3, padding="same", activation="relu")
        self.blocks = [ResidualBlock(24) for _ in range(2)]
        self.pool = layers.MaxPooling2D()
        self.flatten = layers.Flatten()
        self.dropout = layers.Dropout(0.5)
        self.leave = layers.Dense(10, activation="softmax")

    def call(self, x, training=None):
        if training:
            x = x + random.normal(ops.shape(x), stddev=0.05)
        x = self.enter(x)
        for block in self.blocks:
            x = block(x)
        x = self.flatten(self.pool(x))
        return self.leave(self.dropout(x, training=training))


def profiles(images) -> np.ndarray:
    """The mean ink of each row and each column of the images."""
    return np.concatenate([images[..., 0].mean(1), images[..., 0].mean(2)], axis=1)


def run(out: str = ".", epochs: int | None = None, seed: int = 1) -> dict[str, float]:
    """Trains and shows the three models. Returns `{model's name: test accuracy}`."""
    utils.set_random_seed(seed)
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    (x_train, y_train), (x_test, y_test) = digits.load_data()
    print(f"{len(x_train)} images to train on, {len(x_test)} to test on.")
    jobs = [
        (sequential_cnn, x_train, x_test, 20),
        (
            two_inputs,
            {"image": x_train, "profile": profiles(x_train)},
            {"image": x_test, "profile": profiles(x_test)},
            20,
        ),
        (lambda: ResidualModel(name="residual"), x_train, x_test, 15),
    ]
    began = time.perf_counter()
    accuracies, histories = {}, {}
    for build, x, x_new, usual_epochs in jobs:
        model = build()
        print(f"\n=== {model.name} ===")
        model.compile("adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
        history = model.fit(
            x, y_train, batch_size=32, epochs=epochs or usual_epochs, validation_split=0.1
        )
        model.summary()
        _, accuracy = model.evaluate(x_new, y_test, verbose=0)
        predictions = model.predict(x_new, verbose=0)
        print(f"Test accuracy of {model.name}: {accuracy:.1%}")
        print("Confusion matrix (rows: true digit, columns: predicted digit):")
        print(confusion_matrix(y_test, predictions.argmax(1)))

        path = folder / f"{model.name}.weights.h5"
        model.save_weights(path)
        fresh = build()
        fresh.predict(x_new, verbose=0)  # builds it
        fresh.load_weights(path)
        same = np.array_equal(predictions, fresh.predict(x_new, verbose=0))
        print(f"{path} loaded into a fresh model: predictions are", end=" ")
        print("identical." if same else "DIFFERENT.")
        accuracies[model.name], histories[model.name] = accuracy, history
    print(f"\nAll three in {time.perf_counter() - began:.1f} s:")
    for name, accuracy in accuracies.items():
        print(f"  {name:<16} {accuracy:.1%}")
    draw(histories, folder / "history.png")
    return accuracies


def draw(histories: dict, path) -> None:
    """Draws the learning curves, where matplotlib is installed."""
    try:
        plot_learning_curves(histories, path=path)
    except ImportError:
        print("history.png was not drawn: pip install 'hornbill[plot]' brings matplotlib.")
        return
    print(f"Learning curves: {path}")
