"""Text of old: a Tokenizer, padded sequences and an LSTM, saved and used again; bags of words."""

import json
import random

import numpy as np
import tensorflow as tf
from tensorflow.keras.callbacks import EarlyStopping, ModelCheckpoint
from tensorflow.keras.layers import *
from tensorflow.keras.models import Model, Sequential, load_model
from tensorflow.keras.preprocessing.sequence import make_sampling_table, pad_sequences, skipgrams
from tensorflow.keras.preprocessing.text import (
    Tokenizer,
    hashing_trick,
    one_hot,
    text_to_word_sequence,
    tokenizer_from_json,
)
from tensorflow.keras.utils import to_categorical

np.random.seed(7)
random.seed(7)
tf.random.set_seed(7)

GOOD = ["wonderful", "great", "moving", "funny", "brilliant"]
BAD = ["boring", "awful", "dull", "tedious", "poor"]
FILLER = "the a film plot actor scene it was really and of with music story".split()


def review(label):
    words = random.choices(FILLER, k=random.randint(6, 14))
    for _ in range(2):
        words.insert(random.randint(0, len(words)), random.choice(GOOD if label else BAD))
    return " ".join(words).capitalize() + random.choice([".", "!", " ..."])


labels = [i % 2 for i in range(400)]
texts = [review(label) for label in labels]

MAX_WORDS, MAX_LEN = 40, 12
tokenizer = Tokenizer(num_words=MAX_WORDS, oov_token="<OOV>")
tokenizer.fit_on_texts(texts)
word_index = tokenizer.word_index
print("Found %s unique tokens." % len(word_index))
assert tokenizer.document_count == 400
assert word_index["<OOV>"] == 1

data = pad_sequences(tokenizer.texts_to_sequences(texts), maxlen=MAX_LEN, padding="post")
labels = np.asarray(labels)
indices = np.arange(data.shape[0])
np.random.shuffle(indices)
data, labels = data[indices], labels[indices]
x_train, y_train, x_val, y_val = data[:320], labels[:320], data[320:], labels[320:]

model = Sequential()
model.add(Embedding(MAX_WORDS, 16))
model.add(SpatialDropout1D(0.1))
model.add(LSTM(16, dropout=0.1))
model.add(Dense(1, activation="sigmoid"))
model.compile(loss="binary_crossentropy", optimizer="rmsprop", metrics=["accuracy"])
history = model.fit(
    x_train,
    y_train,
    batch_size=16,
    epochs=8,
    validation_data=(x_val, y_val),
    callbacks=[
        EarlyStopping(monitor="val_loss", patience=3),
        ModelCheckpoint("reviews.keras", monitor="val_accuracy", save_best_only=True),
    ],
    verbose=2,
)
score, accuracy = model.evaluate(x_val, y_val, batch_size=32, verbose=0)
assert accuracy > 0.9, history.history

# As it is used later: the tokenizer from its file, the model from its own.
with open("tokenizer.json", "w") as file:
    file.write(tokenizer.to_json())
with open("tokenizer.json") as file:
    again = tokenizer_from_json(file.read())
new = ["A truly wonderful and funny scene", "boring plot, awful actor"]
sequences = again.texts_to_sequences(new)
assert sequences == tokenizer.texts_to_sequences(new)
assert again.sequences_to_texts(sequences)[0] == "a <OOV> wonderful and funny scene"
scores = load_model("reviews.keras").predict(pad_sequences(sequences, MAX_LEN, padding="post"))
assert scores[0, 0] > 0.5 > scores[1, 0], scores
assert json.loads(tokenizer.get_config()["word_counts"])["film"] > 10

# Bags of words, in each mode.
for mode in ("binary", "count", "tfidf", "freq"):
    bags = tokenizer.texts_to_matrix(texts, mode=mode)
    assert bags.shape == (400, MAX_WORDS)
    bag_input = Input(shape=(MAX_WORDS,))
    guess = Dense(2, activation="softmax")(Dense(16, activation="relu")(bag_input))
    bag_model = Model(bag_input, guess)
    bag_model.compile("adam", "categorical_crossentropy", metrics=["acc"])
    target = to_categorical(np.arange(400) % 2, num_classes=2)
    reached = bag_model.fit(bags, target, batch_size=16, epochs=12, verbose=0).history["acc"][-1]
    assert reached > 0.9, (mode, reached)

# Characters, hashes, and pairs of words for word2vec.
characters = Tokenizer(char_level=True, lower=False)
characters.fit_on_texts(texts)
assert characters.sequences_to_texts(characters.texts_to_sequences(["great"])) == ["g r e a t"]
assert text_to_word_sequence("Hello, World!") == ["hello", "world"]
assert hashing_trick("one two one", 100, hash_function="md5") == [39, 78, 39]
assert max(one_hot("a short text", 20)) < 20
couples, near = skipgrams(
    list(data[0]), MAX_WORDS, window_size=2, sampling_table=make_sampling_table(MAX_WORDS, 0.1)
)
assert len(couples) == len(near)
first, second = (np.array([pair[i] for pair in couples], "int32") for i in (0, 1))
target_input, context_input = Input((1,)), Input((1,))
embedding = Embedding(MAX_WORDS, 8, name="embedding")
product = Dot(axes=2)([embedding(target_input), embedding(context_input)])
word2vec = Model([target_input, context_input], Dense(1, "sigmoid")(Reshape((1,))(product)))
word2vec.compile(loss="binary_crossentropy", optimizer="adam")
for _ in range(2):
    loss = word2vec.train_on_batch([first, second], np.array(near))
assert np.isfinite(loss)
assert word2vec.get_layer("embedding").get_weights()[0].shape == (MAX_WORDS, 8)
