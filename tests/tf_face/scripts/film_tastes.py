"""Who likes which film: vectors of people and films, and their products."""

import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

keras.utils.set_random_seed(35)
rng = np.random.default_rng(35)
people, films, size = 30, 25, 6
taste, kind = rng.normal(size=(people, 2)), rng.normal(size=(films, 2))
liked = 1 / (1 + np.exp(-2 * taste @ kind.T))
pairs = np.stack(np.meshgrid(range(people), range(films), indexing="ij"), -1).reshape(-1, 2)
rng.shuffle(pairs)
ratings = liked[pairs[:, 0], pairs[:, 1]].astype("float32")
x_train, x_val, y_train, y_val = pairs[:600], pairs[600:], ratings[:600], ratings[600:]


class RecommenderNet(keras.Model):
    def __init__(self, num_users, num_movies, embedding_size, **kwargs):
        super().__init__(**kwargs)
        settings = dict(
            embeddings_initializer="he_normal",
            embeddings_regularizer=keras.regularizers.l2(1e-5),
        )
        self.user_embedding = layers.Embedding(num_users, embedding_size, **settings)
        self.user_bias = layers.Embedding(num_users, 1)
        self.movie_embedding = layers.Embedding(num_movies, embedding_size, **settings)
        self.movie_bias = layers.Embedding(num_movies, 1)

    def call(self, inputs):
        user_vector = self.user_embedding(inputs[:, 0])
        movie_vector = self.movie_embedding(inputs[:, 1])
        dot = tf.reduce_sum(user_vector * movie_vector, axis=1, keepdims=True)
        x = dot + self.user_bias(inputs[:, 0]) + self.movie_bias(inputs[:, 1])
        return tf.nn.sigmoid(x)


model = RecommenderNet(people, films, size)
model.compile(loss=keras.losses.BinaryCrossentropy(), optimizer=keras.optimizers.Adam(0.02))
start = model.evaluate(x_val, y_val, verbose=0)
model.fit(x_train, y_train, batch_size=32, epochs=20, validation_data=(x_val, y_val), verbose=0)
predicted = model.predict(x_val, verbose=0)[:, 0]
assert np.corrcoef(predicted, y_val)[0, 1] > 0.85
assert np.abs(predicted - y_val).mean() < 0.6 * np.abs(y_val.mean() - y_val).mean()

# The best three films of a person are among those that this person likes.
person = int(np.argmax(np.abs(taste).sum(1)))
rows = np.stack([np.full(films, person), np.arange(films)], axis=1)
top = tf.math.top_k(tf.squeeze(model(rows), axis=-1), k=3).indices.numpy()
assert liked[person, top].min() > np.median(liked[person])
