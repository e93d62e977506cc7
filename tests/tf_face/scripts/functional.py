import numpy as np
import tensorflow as tf
from tensorflow.keras import Model, layers

left, right = tf.keras.Input(shape=(6,)), tf.keras.Input(shape=(4,))
merged = layers.concatenate([layers.Dense(8, activation="tanh")(left), layers.Dense(8)(right)])
scaled = layers.Lambda(lambda t: tf.square(t) * 0.1)(merged)
score = layers.Dense(1, name="score")(scaled)
label = layers.Dense(1, activation="sigmoid", name="label")(merged + scaled)
model = Model(inputs=[left, right], outputs={"score": score, "label": label}, name="two_heads")
model.compile(
    optimizer=tf.keras.optimizers.RMSprop(0.01),
    loss={"score": "mse", "label": "binary_crossentropy"},
    loss_weights={"score": 0.5, "label": 1.0},
    metrics={"label": ["accuracy", tf.keras.metrics.AUC(name="auc")]},
)
tf.keras.utils.set_random_seed(3)
a, b = np.random.random((128, 6)), np.random.random((128, 4))
y = (a.sum(1, keepdims=True) > 3).astype("int32")
logs = model.fit([a, b], {"score": a[:, :1], "label": y}, epochs=4, verbose=0).history
assert "label_auc" in logs
assert logs["loss"][-1] < logs["loss"][0], logs
assert set(model.predict([a, b], verbose=0)) == {"score", "label"}
