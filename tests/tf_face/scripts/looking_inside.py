"""What a network looks at: gradients of its scores for its inputs, and pictures it likes best."""

import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

keras.utils.set_random_seed(44)
rng = np.random.default_rng(44)
labels = rng.integers(0, 2, 256)
images = rng.normal(0, 0.2, (256, 12, 12, 1)).astype("float32")
# A bright spot in the upper left or lower right corner.
spots = np.where(labels == 0, 1, 7)
for image, spot in zip(images, spots, strict=True):
    image[spot : spot + 4, spot : spot + 4] += 1

inputs = keras.Input((12, 12, 1))
x = layers.Conv2D(8, 3, padding="same", activation="relu", name="last_conv")(inputs)
x = layers.Flatten()(layers.AveragePooling2D(2)(x))
model = keras.Model(inputs, layers.Dense(2, name="scores")(x))
model.compile(
    keras.optimizers.Adam(0.01),
    keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
history = model.fit(images, labels, epochs=6, batch_size=32, verbose=0).history
assert history["accuracy"][-1] > 0.95, history


def make_heatmap(img_array, model, last_conv_layer_name, pred_index=None):
    grad_model = keras.models.Model(
        model.inputs, [model.get_layer(last_conv_layer_name).output, model.output]
    )
    with tf.GradientTape() as tape:
        last_conv_layer_output, preds = grad_model(img_array)
        if pred_index is None:
            pred_index = tf.argmax(preds[0])
        class_channel = preds[:, pred_index]
    grads = tape.gradient(class_channel, last_conv_layer_output)
    heatmap = tf.reduce_sum(grads * last_conv_layer_output, axis=-1)[0]
    heatmap = tf.maximum(heatmap, 0) / tf.math.reduce_max(heatmap)
    return heatmap.numpy()


for number in (int(np.argmin(labels)), int(np.argmax(labels))):
    heatmap = make_heatmap(images[number : number + 1], model, "last_conv")
    spot = spots[number]
    inside = heatmap[spot : spot + 4, spot : spot + 4].mean()
    assert heatmap.shape == (12, 12) and inside > 2 * heatmap.mean(), (inside, heatmap.mean())


@tf.function
def gradient_ascent_step(img, index, learning_rate):
    with tf.GradientTape() as tape:
        tape.watch(img)
        score = tf.gather(model(img), index, axis=1)[0]
    grads = tf.math.l2_normalize(tape.gradient(score, img))
    return score, img + learning_rate * grads


for index in (0, 1):
    img = tf.random.uniform((1, 12, 12, 1), seed=44) * 0.1
    scores = []
    for _ in range(15):
        score, img = gradient_ascent_step(img, tf.constant(index), 0.5)
        scores.append(float(score))
    assert scores[-1] > scores[0] + 1.0, scores
    corners = [float(tf.reduce_mean(img[0, a : a + 4, a : a + 4])) for a in (1, 7)]
    assert np.argmax(corners) == index, corners
