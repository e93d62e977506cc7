"""Pictures of old: an ImageDataGenerator over arrays and over folders, a small VGG."""

import os
import tempfile

import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import backend as K
from tensorflow.keras.layers import (
    Activation,
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    MaxPooling2D,
)
from tensorflow.keras.models import Sequential
from tensorflow.keras.preprocessing import image
from tensorflow.keras.preprocessing.image import ImageDataGenerator, img_to_array, load_img

np.random.seed(3)
tf.random.set_seed(3)
batch_size, num_classes, epochs = 16, 2, 6
img_rows, img_cols = 12, 12


def picture(label):
    """Noise with a bar: upright or lying."""
    x = np.random.randint(0, 60, (img_rows, img_cols, 3))
    place = np.random.randint(2, 9)
    if label:
        x[place : place + 2] += 180
    else:
        x[:, place : place + 2] += 180
    return x.astype("uint8")


y = np.random.randint(0, num_classes, 240)
x = np.stack([picture(label) for label in y])
x_train, y_train, x_test, y_test = x[:180], y[:180], x[180:], y[180:]
if K.image_data_format() == "channels_first":
    input_shape = (3, img_rows, img_cols)
else:
    input_shape = (img_rows, img_cols, 3)
x_train = x_train.astype("float32")
x_test = x_test.astype("float32")
x_train /= 255
x_test /= 255
y_train = keras.utils.to_categorical(y_train, num_classes)
y_test = keras.utils.to_categorical(y_test, num_classes)


def make_model():
    model = Sequential()
    model.add(Conv2D(8, (3, 3), padding="same", input_shape=input_shape))
    model.add(BatchNormalization())
    model.add(Activation("relu"))
    model.add(MaxPooling2D(pool_size=(2, 2)))
    model.add(Conv2D(16, (3, 3), activation="relu", kernel_initializer="he_normal"))
    model.add(MaxPooling2D(pool_size=(2, 2)))
    model.add(Dropout(0.1))
    model.add(Flatten())
    model.add(Dense(num_classes, activation="softmax"))
    model.compile(
        loss=keras.losses.categorical_crossentropy,
        optimizer=keras.optimizers.Adam(learning_rate=0.01),
        metrics=["accuracy"],
    )
    return model


# Arrays, varied as they are taken.
datagen = ImageDataGenerator(
    featurewise_center=True,
    featurewise_std_normalization=True,
    width_shift_range=0.1,
    height_shift_range=0.1,
    horizontal_flip=True,
    fill_mode="nearest",
)
datagen.fit(x_train)
model = make_model()
history = model.fit(
    datagen.flow(x_train, y_train, batch_size=batch_size),
    steps_per_epoch=len(x_train) // batch_size,
    epochs=epochs,
    validation_data=(datagen.standardize(x_test.copy()), y_test),
    verbose=2,
)
assert max(history.history["val_accuracy"]) > 0.85, history.history

# An epoch by hand: the iterator has no end.
seen = 0
for x_batch, y_batch in datagen.flow(x_train, y_train, batch_size=batch_size):
    logs = model.train_on_batch(x_batch, y_batch)
    seen += 1
    if seen >= len(x_train) / batch_size:
        break
assert seen == 12 and len(logs) == 2

# Folders of files.
base = tempfile.mkdtemp()
for split, count in {"train": 120, "test": 24}.items():
    for i in range(count):
        kind = ["lying", "upright"][i % 2]
        folder = os.path.join(base, split, kind)
        os.makedirs(folder, exist_ok=True)
        image.save_img(os.path.join(folder, "%03d.png" % i), picture(kind == "lying"))
train_datagen = ImageDataGenerator(
    rescale=1.0 / 255, zoom_range=0.1, horizontal_flip=True, validation_split=0.2
)
test_datagen = ImageDataGenerator(rescale=1.0 / 255)
settings = {"target_size": (img_rows, img_cols), "batch_size": batch_size}
train_dir = os.path.join(base, "train")
training = train_datagen.flow_from_directory(
    train_dir, class_mode="categorical", subset="training", seed=1, **settings
)
validation = train_datagen.flow_from_directory(
    train_dir, class_mode="categorical", subset="validation", seed=1, **settings
)
assert training.class_indices == {"lying": 0, "upright": 1}
assert (training.samples, validation.samples) == (96, 24)
model = make_model()
history = model.fit(
    training,
    steps_per_epoch=training.samples // training.batch_size,
    validation_data=validation,
    validation_steps=len(validation),
    epochs=epochs,
    verbose=2,
)
assert max(history.history["val_accuracy"]) > 0.85, history.history

test = test_datagen.flow_from_directory(
    os.path.join(base, "test"), class_mode=None, shuffle=False, **settings
)
test.reset()
predictions = model.predict(test, steps=len(test), verbose=0)
guessed = np.argmax(predictions, axis=1)
names = {index: name for name, index in training.class_indices.items()}
right = [names[g] == os.path.dirname(f) for g, f in zip(guessed, test.filenames)]
assert np.mean(right) > 0.85, right
assert np.array_equal(test.classes, [0] * 12 + [1] * 12)

# One picture, varied and looked at.
img = load_img(os.path.join(base, "test", test.filenames[0]), target_size=(24, 24))
one = img_to_array(img)[np.newaxis]
looked_at = os.path.join(base, "looked_at")
os.makedirs(looked_at)
turned = ImageDataGenerator(rotation_range=40, shear_range=0.2, brightness_range=[0.5, 1.5])
for i, batch in enumerate(turned.flow(one, batch_size=1, save_to_dir=looked_at), 1):
    assert batch.shape == (1, 24, 24, 3)
    if i == 4:
        break
assert len(os.listdir(looked_at)) == 4

# Pictures and their masks, varied alike.
masks = (x_train[..., :1] > 0.5).astype("float32")
arguments = {"rotation_range": 20, "width_shift_range": 2, "horizontal_flip": True}
pictures = ImageDataGenerator(**arguments).flow(x_train, batch_size=8, seed=42)
of_masks = ImageDataGenerator(interpolation_order=0, **arguments).flow(masks, batch_size=8, seed=42)
for _, (p, m) in zip(range(3), zip(pictures, of_masks)):
    assert np.mean((p[..., :1] > 0.5) == (m > 0.5)) > 0.85


class FromFiles(keras.utils.Sequence):
    """Batches of one's own, with the functions of one picture."""

    def __init__(self, files, labels):
        super().__init__()
        self.files, self.labels = files, labels

    def __len__(self):
        return int(np.ceil(len(self.files) / 8))

    def __getitem__(self, idx):
        rows = slice(idx * 8, (idx + 1) * 8)
        x = [image.img_to_array(image.load_img(f, target_size=(12, 12))) for f in self.files[rows]]
        x = [image.random_shift(a, 0.1, 0.1, row_axis=0, col_axis=1, channel_axis=2) for a in x]
        return np.array(x) / 255.0, self.labels[rows]


files = FromFiles(test.filepaths, keras.utils.to_categorical(test.classes))
loss, accuracy = model.evaluate(files, verbose=0)
assert accuracy > 0.8, accuracy
