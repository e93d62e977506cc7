"""Translation with attention, trained by a loop that teaches the decoder step by step."""

import numpy as np
import tensorflow as tf
from tensorflow.keras import layers

tf.keras.utils.set_random_seed(41)
rng = np.random.default_rng(41)
words, length, units = 8, 4, 32
dictionary = rng.permutation(words)
source = rng.integers(0, words, (512, length)).astype("int32")
# Word for word, backwards; `words` is the start token.
target = dictionary[source[:, ::-1]].astype("int32")
target = np.concatenate([np.full((512, 1), words, "int32"), target], axis=1)


class Encoder(tf.keras.Model):
    def __init__(self):
        super().__init__()
        self.embedding = layers.Embedding(words, 16)
        self.gru = layers.GRU(units, return_sequences=True, return_state=True)

    def call(self, x):
        return self.gru(self.embedding(x))


class BahdanauAttention(layers.Layer):
    def __init__(self, units):
        super().__init__()
        self.W1, self.W2, self.V = layers.Dense(units), layers.Dense(units), layers.Dense(1)

    def call(self, query, values):
        score = self.V(tf.nn.tanh(self.W1(tf.expand_dims(query, 1)) + self.W2(values)))
        attention_weights = tf.nn.softmax(score, axis=1)
        return tf.reduce_sum(attention_weights * values, axis=1), attention_weights


class Decoder(tf.keras.Model):
    def __init__(self):
        super().__init__()
        self.embedding = layers.Embedding(words + 1, 16)
        self.gru = layers.GRU(units, return_sequences=True, return_state=True)
        self.fc = layers.Dense(words)
        self.attention = BahdanauAttention(units)

    def call(self, x, hidden, enc_output):
        context_vector, attention_weights = self.attention(hidden, enc_output)
        x = tf.concat([tf.expand_dims(context_vector, 1), self.embedding(x)], axis=-1)
        output, state = self.gru(x)
        return self.fc(tf.reshape(output, (-1, output.shape[2]))), state, attention_weights


encoder, decoder = Encoder(), Decoder()
optimizer = tf.keras.optimizers.Adam(0.02)
loss_object = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="none")


@tf.function
def train_step(inp, targ):
    loss = 0.0
    with tf.GradientTape() as tape:
        enc_output, dec_hidden = encoder(inp)
        for t in range(1, targ.shape[1]):
            dec_input = tf.expand_dims(targ[:, t - 1], 1)
            predictions, dec_hidden, _ = decoder(dec_input, dec_hidden, enc_output)
            loss += tf.reduce_mean(loss_object(targ[:, t], predictions))
    variables = encoder.trainable_variables + decoder.trainable_variables
    gradients = tape.gradient(loss, variables)
    optimizer.apply_gradients(zip(gradients, variables, strict=True))
    return loss / int(targ.shape[1] - 1)


dataset = tf.data.Dataset.from_tensor_slices((source[:448], target[:448])).shuffle(448, seed=41)
dataset = dataset.batch(64, drop_remainder=True)
encoder(source[:1])
decoder(target[:1, :1], tf.zeros((1, units)), tf.zeros((1, length, units)))
optimizer.build(encoder.trainable_variables + decoder.trainable_variables)
losses = [np.mean([train_step(x, y).numpy() for x, y in dataset]) for _ in range(14)]
assert losses[-1] < 0.4 * losses[0], losses


def translate(sentences):
    enc_output, hidden = encoder(sentences)
    token, result, looked = np.full((len(sentences), 1), words), [], []
    for _ in range(length):
        predictions, hidden, weights = decoder(tf.constant(token), hidden, enc_output)
        token = tf.argmax(predictions, axis=1).numpy()[:, None]
        result.append(token[:, 0])
        looked.append(weights[:, :, 0].numpy())
    return np.stack(result, 1), np.stack(looked, 1)


translated, looked = translate(tf.constant(source[448:]))
assert np.allclose(looked.sum(-1), 1, atol=1e-5) and looked.shape == (64, length, length)
assert (translated == target[448:, 1:]).mean() > 0.75, (translated == target[448:, 1:]).mean()
