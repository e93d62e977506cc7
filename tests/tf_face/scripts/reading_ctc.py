"""Text in pictures is read with a CTC loss: no letter says where it stands."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

keras.utils.set_random_seed(27)
rng = np.random.default_rng(27)
characters = ["a", "b", "c", "d"]
char_to_num = layers.StringLookup(vocabulary=characters, mask_token=None)
num_to_char = layers.StringLookup(
    vocabulary=char_to_num.get_vocabulary(), mask_token=None, invert=True
)
width, height, length = 24, 8, 3

# Each letter lights two rows of a column somewhere, in the order of the text.
texts = ["".join(rng.choice(characters, length)) for _ in range(384)]
images = rng.normal(0, 0.15, (384, width, height, 1)).astype("float32")
for image, text in zip(images, texts, strict=True):
    places = np.sort(rng.choice(np.arange(1, width // 4 - 1), length, replace=False)) * 4
    for place, letter in zip(places, text, strict=True):
        row = 2 * characters.index(letter)
        image[place : place + 2, row : row + 2] += 1


def encode(image, label):
    return image, char_to_num(tf.strings.unicode_split(label, input_encoding="UTF-8"))


dataset = tf.data.Dataset.from_tensor_slices((images[:320], texts[:320]))
dataset = dataset.map(encode, num_parallel_calls=tf.data.AUTOTUNE).shuffle(320, seed=27).batch(32)

inputs = layers.Input(shape=(width, height, 1), name="image")
x = layers.Conv2D(12, 3, activation="relu", padding="same")(inputs)
x = layers.MaxPooling2D((2, 1))(x)
x = layers.Reshape((width // 2, height * 12))(x)
x = layers.Dense(24, activation="relu")(x)
x = layers.Bidirectional(layers.LSTM(16, return_sequences=True))(x)
# Class 0 is the blank; the vocabulary's own 0 is the unknown letter, of which there is none.
outputs = layers.Dense(len(char_to_num.get_vocabulary()))(x)
model = keras.Model(inputs, outputs)
model.compile(optimizer=keras.optimizers.Adam(0.01), loss=keras.losses.CTC())
history = model.fit(dataset, epochs=12, verbose=0).history
assert history["loss"][-1] < 0.3 * history["loss"][0], history

logits = model.predict(images[320:], verbose=0)
lengths = np.full(len(logits), width // 2)
decoded, _ = keras.ops.ctc_decode(logits, lengths, strategy="greedy", mask_index=0)


def to_text(row):
    letters = num_to_char([int(i) for i in row if i >= 0])
    return tf.strings.reduce_join(letters).numpy().decode("utf-8")


read = [to_text(row) for row in np.array(decoded[0])]
right = np.mean([a == b for a, b in zip(read, texts[320:], strict=True)])
assert right > 0.8, (right, read[:5], texts[320:325])
