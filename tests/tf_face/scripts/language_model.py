"""A small GPT learns a grammar by heart and writes in it."""

import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

keras.utils.set_random_seed(20)
rng = np.random.default_rng(20)
vocab_size, maxlen, width = 12, 10, 24


class TransformerBlock(layers.Layer):
    def __init__(self, embed_dim, num_heads, ff_dim, rate=0.05):
        super().__init__()
        self.att = layers.MultiHeadAttention(num_heads, embed_dim // num_heads)
        self.ffn = keras.Sequential(
            [layers.Dense(ff_dim, activation="gelu"), layers.Dense(embed_dim)]
        )
        self.norm1 = layers.LayerNormalization(epsilon=1e-6)
        self.norm2 = layers.LayerNormalization(epsilon=1e-6)
        self.dropout = layers.Dropout(rate)

    def causal_mask(self, n):
        i, j = tf.range(n)[:, None], tf.range(n)
        return tf.cast(i >= j, tf.bool)[tf.newaxis]

    def call(self, inputs):
        mask = self.causal_mask(tf.shape(inputs)[1])
        attended = self.dropout(self.att(inputs, inputs, attention_mask=mask))
        out1 = self.norm1(inputs + attended)
        return self.norm2(out1 + self.dropout(self.ffn(out1)))


class TokenAndPositionEmbedding(layers.Layer):
    def __init__(self, maxlen, vocab_size, embed_dim):
        super().__init__()
        self.token_emb = layers.Embedding(vocab_size, embed_dim)
        self.pos_emb = layers.Embedding(maxlen, embed_dim)

    def call(self, x):
        positions = tf.range(0, tf.shape(x)[-1], 1)
        return self.token_emb(x) + self.pos_emb(positions)


inputs = layers.Input(shape=(maxlen,), dtype="int32")
x = TokenAndPositionEmbedding(maxlen, vocab_size, width)(inputs)
x = TransformerBlock(width, 2, 48)(x)
outputs = layers.Dense(vocab_size)(x)
model = keras.Model(inputs=inputs, outputs=[outputs, x])
loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
model.compile(keras.optimizers.Adam(0.01), loss=[loss_fn, None])

# Each sentence counts on by its own first word: 2 2 4 6 8 10 0 2 ...
starts, strides = rng.integers(0, vocab_size, 512), rng.integers(1, 4, 512)
text = (starts[:, None] + strides[:, None] * np.arange(maxlen)) % vocab_size
text = np.concatenate([strides[:, None], text], axis=1).astype("int32")


def shifted(sentence):
    return sentence[:-1], sentence[1:]


data = tf.data.Dataset.from_tensor_slices(text).map(shifted).shuffle(512, seed=20).batch(32)


class Writer(keras.callbacks.Callback):
    def __init__(self, stride, start, count):
        super().__init__()
        self.stride, self.start, self.count = stride, start, count

    def on_epoch_end(self, epoch, logs=None):
        tokens = [self.stride, self.start]
        while len(tokens) < self.count:
            padded = np.array([tokens + [0] * (maxlen - len(tokens))])
            logits, _ = self.model.predict(padded, verbose=0)
            tokens.append(int(np.argmax(logits[0, len(tokens) - 1])))
        self.written = tokens


writer = Writer(3, 5, 8)
history = model.fit(data, verbose=0, epochs=10, callbacks=[writer]).history
# The start of a sentence can only be guessed, which costs log(12) / 10 for each token.
assert history["loss"][0] > 1.0 and history["loss"][-1] < 0.45, history["loss"]
assert writer.written == [3, 5, 8, 11, 2, 5, 8, 11], writer.written
