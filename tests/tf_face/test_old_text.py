"""Keras 2's text preprocessing, held against Keras's own."""

import json

import numpy as np
import pytest
from keras.src.legacy.preprocessing import text as oracle

import hornbill.tensorflow as tf

ours = tf.keras.preprocessing.text
TEXTS = [
    "The cat sat on the mat.",
    "A dog, a cat: RAN fast!\tTo the_house",
    ["The", "dog", "sat", "sat"],
    "",
    "Müller's straße - 42 times; the the the",
]
NEW = ["a bird sat on the DOG", ["The", "unheard"], "", "straße!"]
SETTINGS = {
    "plain": {},
    "few words": {"num_words": 6},
    "unknown": {"oov_token": "<oov>"},
    "few and unknown": {"num_words": 5, "oov_token": "<oov>"},
    "token that occurs": {"oov_token": "the", "num_words": 6},
    "case": {"lower": False},
    "filters": {"filters": "aeiou"},
    "split": {"split": "t", "filters": "."},
    "characters": {"char_level": True, "num_words": 12, "oov_token": "?"},
    "analyzer": {"analyzer": lambda text: text.split("a")},
    "counted before": {"document_count": 7},
}
ATTRIBUTES = "word_counts word_docs index_docs word_index index_word document_count".split()


def pair(settings):
    return ours.Tokenizer(**settings), oracle.Tokenizer(**settings)


@pytest.mark.parametrize("name", SETTINGS)
def test_tokenizer(name):
    mine, keras = pair(SETTINGS[name])
    for _ in range(2):  # the second time adds to the first
        mine.fit_on_texts(TEXTS)
        keras.fit_on_texts(TEXTS)
        for attribute in ATTRIBUTES:
            assert getattr(mine, attribute) == getattr(keras, attribute)
    assert list(mine.word_counts) == list(keras.word_counts)
    sequences = keras.texts_to_sequences(NEW)
    assert mine.texts_to_sequences(NEW) == sequences
    assert list(mine.texts_to_sequences_generator(NEW)) == sequences
    wide = [*sequences, [0, 1, 5, 9, 999], list(np.array([2, 3]))]
    assert mine.sequences_to_texts(wide) == keras.sequences_to_texts(wide)
    assert list(mine.sequences_to_texts_generator(wide)) == keras.sequences_to_texts(wide)
    for mode in ("binary", "count", "freq", "tfidf"):
        want = keras.texts_to_matrix(TEXTS, mode)
        np.testing.assert_allclose(mine.texts_to_matrix(TEXTS, mode), want, rtol=1e-12)
        want = keras.sequences_to_matrix(wide, mode)
        np.testing.assert_allclose(mine.sequences_to_matrix(wide, mode), want, rtol=1e-12)


def test_written_and_read():
    mine, keras = pair({"num_words": 8, "oov_token": "<oov>"})
    for one in (mine, keras):
        one.fit_on_texts(TEXTS)
    assert json.loads(mine.to_json(indent=1))["class_name"] == "Tokenizer"
    read_config, written = keras.get_config(), mine.get_config()
    assert {k: read(v) for k, v in written.items()} == {k: read(v) for k, v in read_config.items()}
    for text in (mine.to_json(), keras.to_json()):
        for again in (ours.tokenizer_from_json(text), oracle.tokenizer_from_json(text)):
            assert again.texts_to_sequences(NEW) == mine.texts_to_sequences(NEW)
    again = ours.tokenizer_from_json(keras.to_json())
    again.fit_on_texts(NEW)  # goes on counting
    keras.fit_on_texts(NEW)
    for attribute in ATTRIBUTES:
        assert getattr(again, attribute) == getattr(keras, attribute)


def read(value):
    """A config's entry, its JSON read, without an order of its keys."""
    try:
        return json.loads(value)
    except (TypeError, ValueError):
        return value


def test_sequences_alone():
    mine, keras = pair({"num_words": 6})
    for one in (mine, keras):
        one.fit_on_sequences([[1, 2, 2], [2, 5], []])
    assert mine.index_docs == keras.index_docs
    assert mine.document_count == 3
    want = keras.sequences_to_matrix([[2, 2, 5, 5, 5]], "tfidf")
    np.testing.assert_allclose(mine.sequences_to_matrix([[2, 2, 5, 5, 5]], "tfidf"), want)


def test_names_of_keras_1():
    assert ours.Tokenizer(nb_words=3).num_words == 3


WORDS = {
    "plain": ("Hello, World! hello", {}),
    "case": ("Hello, World!", {"lower": False}),
    "split": ("a-b--c d", {"split": "-", "filters": " "}),
    "nothing": ("", {}),
}


@pytest.mark.parametrize("name", WORDS)
def test_words(name):
    text, settings = WORDS[name]
    assert ours.text_to_word_sequence(text, **settings) == oracle.text_to_word_sequence(
        text, **settings
    )
    for hash_function in ("md5", len, None):
        given = (text, 50, hash_function)
        assert ours.hashing_trick(*given, **settings) == oracle.hashing_trick(*given, **settings)
    assert ours.one_hot(text, 9, **settings) == oracle.one_hot(text, 9, **settings)


def test_analyzer_of_functions():
    for function in ("one_hot", "hashing_trick"):
        given = ("a b-c", 50)
        mine = getattr(ours, function)(*given, analyzer=lambda text: text.split("-"))
        assert mine == getattr(oracle, function)(*given, analyzer=lambda text: text.split("-"))


MISTAKES = {
    "unknown mode": (lambda: fitted().texts_to_matrix(["a"], "tf"), "binary, count, freq, tfidf"),
    "no words": (lambda: ours.Tokenizer().sequences_to_matrix([[1]]), "pass num_words"),
    "no texts": (lambda: ours.Tokenizer(9).sequences_to_matrix([[1]], "tfidf"), "fit_on_texts"),
    "hash": (lambda: ours.hashing_trick("a", 9, "sha"), "hash_function='sha'"),
    "no numbers": (lambda: ours.hashing_trick("a", 1), "at least 2"),
}


def fitted():
    tokenizer = ours.Tokenizer()
    tokenizer.fit_on_texts(TEXTS)
    return tokenizer


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes(name):
    call, message = MISTAKES[name]
    with pytest.raises(ValueError, match=message):
        call()
