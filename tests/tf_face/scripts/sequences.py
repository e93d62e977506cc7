import numpy as np
import tensorflow as tf
from tensorflow.keras import layers

tf.keras.utils.set_random_seed(5)
tokens = np.random.randint(1, 20, (128, 6))
tokens[:, 4:] = 0
labels = (tokens[:, 0] > 10).astype("int32")
model = tf.keras.Sequential(
    [
        layers.Embedding(20, 8, mask_zero=True),
        layers.Bidirectional(layers.GRU(8)),
        layers.Dense(1, activation="sigmoid"),
    ]
)
model.compile(tf.keras.optimizers.Adam(0.02), "binary_crossentropy", metrics=["accuracy"])
logs = model.fit(tokens, labels, epochs=12, batch_size=32, verbose=0).history
assert logs["accuracy"][-1] > 0.8, logs

query = tf.keras.Input((5, 8))
attended = layers.MultiHeadAttention(num_heads=2, key_dim=4)(query, query)
pooled = layers.GlobalAveragePooling1D()(layers.LayerNormalization()(query + attended))
model = tf.keras.Model(query, layers.Dense(2)(pooled))
model.save("attention.keras")
again = tf.keras.models.load_model("attention.keras")
sample = np.random.normal(size=(3, 5, 8)).astype("float32")
assert np.allclose(model.predict(sample, verbose=0), again.predict(sample, verbose=0), atol=1e-6)
