"""A U-Net colours in rectangles, fed by a Sequence."""

import numpy as np
from tensorflow import keras
from tensorflow.keras import layers

keras.utils.set_random_seed(16)
size = 16


class Scenes(keras.utils.PyDataset):
    """Makes a picture with a rectangle (1) and a line (2) on a background (0) when asked."""

    def __init__(self, batches, batch_size, seed, **kwargs):
        super().__init__(**kwargs)
        self.batches, self.batch_size, self.seed = batches, batch_size, seed

    def __len__(self):
        return self.batches

    def __getitem__(self, index):
        rng = np.random.default_rng([self.seed, index])
        images = rng.normal(0, 0.3, (self.batch_size, size, size, 3)).astype("float32")
        masks = np.zeros((self.batch_size, size, size, 1), "uint8")
        for image, mask in zip(images, masks, strict=True):
            row = rng.integers(size)
            image[row, :, 1] += 1.5
            mask[row] = 2
            top, left = rng.integers(0, size - 6, 2)
            image[top : top + 6, left : left + 6] += 1.0
            mask[top : top + 6, left : left + 6] = 1
        return images, masks


def get_model():
    inputs = keras.Input(shape=(size, size, 3))
    x = layers.Conv2D(12, 3, padding="same")(inputs)
    x = first = layers.Activation("relu")(layers.BatchNormalization()(x))
    x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
    x = layers.SeparableConv2D(16, 3, padding="same")(x)
    x = layers.Activation("relu")(layers.BatchNormalization()(x))
    x = layers.Conv2DTranspose(12, 3, padding="same", activation="relu")(x)
    x = layers.UpSampling2D(2)(x)
    x = layers.Concatenate()([x, first])
    x = layers.Conv2D(12, 3, padding="same", activation="relu")(x)
    return keras.Model(inputs, layers.Conv2D(3, 3, activation="softmax", padding="same")(x))


model = get_model()
assert model.output_shape == (None, size, size, 3)
model.compile(
    optimizer=keras.optimizers.Adam(0.01),
    loss="sparse_categorical_crossentropy",
    metrics=["accuracy", keras.metrics.MeanIoU(num_classes=3, sparse_y_pred=False, name="iou")],
)
callbacks = [keras.callbacks.ModelCheckpoint("segmentation.keras", save_best_only=True)]
history = model.fit(
    Scenes(14, 16, seed=16),
    epochs=4,
    validation_data=Scenes(2, 16, 99),
    callbacks=callbacks,
    verbose=0,
).history
best = keras.models.load_model("segmentation.keras")
loss, accuracy, iou = best.evaluate(Scenes(2, 16, 99), verbose=0)
assert abs(loss - min(history["val_loss"])) < 1e-3
assert accuracy > 0.9 and iou > 0.65, (accuracy, iou)
