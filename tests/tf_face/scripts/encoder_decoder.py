"""Sequence to sequence: an encoder's states start a decoder, which later runs word by word."""

import numpy as np
from tensorflow import keras
from tensorflow.keras.layers import LSTM, Dense, Embedding, Input
from tensorflow.keras.models import Model

keras.utils.set_random_seed(21)
rng = np.random.default_rng(21)
words, length, units, start = 7, 3, 32, 7

# The translation is the sentence backwards.
source = rng.integers(0, words, (600, length))
target = source[:, ::-1]
given = np.concatenate([np.full((600, 1), start), target[:, :-1]], axis=1)
eye = np.eye(words, dtype="float32")

encoder_inputs = Input(shape=(None, words))
_, state_h, state_c = LSTM(units, return_state=True)(encoder_inputs)
encoder_states = [state_h, state_c]
decoder_inputs = Input(shape=(None,))
embed = Embedding(words + 1, 12)
decoder_lstm = LSTM(units, return_sequences=True, return_state=True)
decoder_dense = Dense(words, activation="softmax")
decoder_outputs, _, _ = decoder_lstm(embed(decoder_inputs), initial_state=encoder_states)
model = Model([encoder_inputs, decoder_inputs], decoder_dense(decoder_outputs))
model.compile(
    optimizer=keras.optimizers.Adam(0.02), loss="categorical_crossentropy", metrics=["accuracy"]
)
model.fit(
    [eye[source], given], eye[target], batch_size=60, epochs=14, validation_split=0.1, verbose=0
)
assert model.evaluate([eye[source], given], eye[target], verbose=0)[1] > 0.85

# Translating: the states go round by hand.
encoder = Model(encoder_inputs, encoder_states)
h_in, c_in = Input(shape=(units,)), Input(shape=(units,))
outputs, h, c = decoder_lstm(embed(decoder_inputs), initial_state=[h_in, c_in])
decoder = Model([decoder_inputs, h_in, c_in], [decoder_dense(outputs), h, c])

sentences = rng.integers(0, words, (64, length))
states = encoder.predict(eye[sentences], verbose=0)
token, translated = np.full((64, 1), start), []
for _ in range(length):
    chances, *states = decoder.predict([token, *states], verbose=0)
    token = chances[:, -1].argmax(-1)[:, None]
    translated.append(token[:, 0])
right = (np.stack(translated, axis=1) == sentences[:, ::-1]).mean()
assert right > 0.75, right
