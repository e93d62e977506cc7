"""Strings in fit, evaluate and predict, against the same models on what their text layers give."""

import keras
import numpy as np
import pytest

import hornbill as hb
import hornbill.tensorflow as tf
from hornbill import layers

TEXTS = np.array(["good film", "a bad film indeed", "good good", "bad bad"] * 2)
Y = np.array([1.0, 0, 1, 0] * 2, "float32")
COLORS = np.array([["red"], ["blue"], ["red"], ["green"]] * 2)
NUMBERS = np.linspace(-1, 1, 16, dtype="float32").reshape(8, 2)


def vectorizer(**settings):
    layer = layers.TextVectorization(**settings)
    layer.adapt(TEXTS)
    return layer


def top(backend=hb):
    """What comes behind the text layer; pooled over the width, so that padding counts."""
    return [
        backend.layers.Embedding(10, 3),
        backend.layers.GlobalAveragePooling1D(),
        backend.layers.Dense(1),
    ]


def compiled(model, **settings):
    model.compile(hb.optimizers.SGD(0.1), "mse", **settings)
    return model


def test_sequential_as_keras_on_ints():
    layer = vectorizer(output_sequence_length=4)
    model = compiled(hb.Sequential([hb.Input((), dtype="string"), layer, *top()]))
    other = keras.Sequential([keras.Input((4,), dtype="int32"), *top(keras)])
    other.compile(keras.optimizers.SGD(0.1), "mse")
    ints = np.asarray(layer(TEXTS))
    other.set_weights(model.get_weights())
    history = model.fit(TEXTS, Y, 4, epochs=2, shuffle=False, validation_split=0.5, verbose=0)
    theirs = other.fit(ints, Y, 4, epochs=2, shuffle=False, validation_split=0.5, verbose=0)
    for key in ("loss", "val_loss"):
        np.testing.assert_allclose(history.history[key], theirs.history[key], rtol=1e-5)
    expected = other.predict(ints, verbose=0)
    np.testing.assert_allclose(model.predict(TEXTS, verbose=0), expected, rtol=1e-5)
    np.testing.assert_allclose(model(TEXTS), expected, rtol=1e-5)
    np.testing.assert_allclose(model.predict(TEXTS.tolist(), verbose=0), expected, rtol=1e-5)
    loss = np.mean((expected[:, 0] - Y) ** 2)
    assert model.evaluate(TEXTS, Y, verbose=0) == pytest.approx(loss, rel=1e-5)
    assert model.test_on_batch(TEXTS, Y) == pytest.approx(loss, rel=1e-5)
    assert model.train_on_batch(TEXTS, Y) == pytest.approx(loss, rel=1e-5)
    assert model.predict_on_batch(TEXTS[:2]).shape == (2, 1)


def test_each_batch_is_as_wide_as_its_longest_text():
    layer = vectorizer()
    model = compiled(hb.Sequential([layer, *top()]))
    model.build((None,))
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(size=w.shape) for w in model.get_weights()])
    # What tf_keras 2.21 on TensorFlow gives, where padding counts as well.
    found = model.predict(TEXTS, batch_size=2, verbose=0)
    expected = [0.73744255, 1.6116588, -0.86175054, 1.9422319]
    np.testing.assert_allclose(found[:, 0], expected * 2, rtol=1e-5)
    assert not np.allclose(found, model(TEXTS))
    history = model.fit(TEXTS, Y, batch_size=2, epochs=2, shuffle=False, verbose=0).history
    np.testing.assert_allclose(history["loss"], [1.3209139, 0.19934934], rtol=1e-4)
    assert model.evaluate(TEXTS, Y, batch_size=2, verbose=0) == pytest.approx(0.1288792, rel=1e-4)
    history = model.fit(TEXTS, Y, validation_data=(TEXTS, Y), dry_run=True, verbose=0)
    assert "val_loss" in history.history


class Batches:
    """An iterable of batches."""

    def __init__(self, batches):
        self.batches = batches

    def __iter__(self):
        return iter(self.batches)


def datasets():
    plain = hb.utils.Dataset.from_arrays((TEXTS, Y)).batch(4)
    return {
        "Dataset": plain,
        "tf.data": tf.data.Dataset.from_tensor_slices((TEXTS.astype("S"), Y)).batch(4),
        "loader": Batches([(TEXTS[:4], Y[:4]), (TEXTS[4:].astype("S").astype(object), Y[4:])]),
    }


@pytest.mark.parametrize("name", datasets())
def test_datasets(name):
    model = compiled(hb.Sequential([vectorizer(output_sequence_length=4), *top()]))
    expected = model.predict(TEXTS, verbose=0)
    np.testing.assert_allclose(model.predict(datasets()[name], verbose=0), expected, rtol=1e-6)
    history = model.fit(datasets()[name], validation_data=datasets()[name], verbose=0)
    assert np.isfinite(history.history["val_loss"][0])


def several_inputs():
    """Texts, colors (taken by two layers) and numbers, in a nested model for the texts."""
    inner_in = hb.Input((1,), dtype="string")
    encoder = hb.Model(inner_in, vectorizer(output_mode="multi_hot")(inner_in), name="encoder")
    text = hb.Input((1,), dtype="string", name="text")
    color = hb.Input((1,), dtype="string", name="color")
    numbers = hb.Input((2,), name="numbers")
    kind = hb.Input((1,), dtype="int32", name="kind")
    lookup = layers.StringLookup(vocabulary=["red", "green"], output_mode="one_hot")
    crossed = layers.HashedCrossing(4, output_mode="one_hot")([color, kind])
    parts = [encoder(text), lookup(color), crossed, numbers]
    joined = layers.Concatenate()([layers.Identity()(p) for p in parts])
    inputs = {"text": text, "color": color, "numbers": numbers, "kind": kind}
    return hb.Model(inputs, layers.Dense(1)(joined))


def test_several_inputs():
    model = compiled(several_inputs())
    x = {"text": TEXTS, "color": COLORS, "numbers": NUMBERS, "kind": np.arange(8)[:, None] % 2}
    expected = np.asarray(model(x))
    np.testing.assert_allclose(model.predict(x, verbose=0), expected, rtol=1e-5, atol=1e-6)
    rows = hb.utils.Dataset.from_arrays((x, Y)).batch(3)
    np.testing.assert_allclose(model.predict(rows, verbose=0), expected, rtol=1e-5, atol=1e-6)
    losses = model.fit(x, Y, epochs=3, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    again = hb.models.clone_model(model)
    again.set_weights(model.get_weights())
    x["text"] = TEXTS[:, None]
    np.testing.assert_allclose(
        again.predict(x, verbose=0), model.predict(x, verbose=0), rtol=1e-5, atol=1e-6
    )


def test_one_array_for_two_inputs():
    a, b = hb.Input((), dtype="string"), hb.Input((), dtype="string")
    first = layers.StringLookup(vocabulary=TEXTS[:2], output_mode="one_hot")(a)
    second = vectorizer(output_sequence_length=2)(b)
    model = hb.Model([a, b], [first, second])
    for found, expected in zip(
        model.predict([TEXTS, TEXTS], verbose=0), model([TEXTS, TEXTS]), strict=True
    ):
        np.testing.assert_array_equal(found, expected)


def test_own_steps_and_saved_models(tmp_path):
    class Mine(hb.Sequential):
        def train_step(self, data):
            x, y = data
            assert (x.shape, x.ndim, x.dtype) == ((8,), 1, "string")
            logs = super().train_step(data)
            return {"mine": logs["loss"] * 0 + hb.ops.mean(y)}

    model = compiled(Mine([vectorizer(output_sequence_length=3), *top()]))
    assert model.fit(TEXTS, Y, verbose=0).history["mine"] == [0.5]
    plain = compiled(hb.Sequential([vectorizer(output_sequence_length=3), *top()]))
    plain.fit(TEXTS, Y, verbose=0)
    plain.save(tmp_path / "model.keras")
    again = hb.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(
        again.predict(TEXTS, verbose=0), plain.predict(TEXTS, verbose=0), rtol=1e-6
    )


def test_subclassed_models_behind_text_layers():
    class Body(hb.Model):
        def __init__(self):
            super().__init__()
            self.parts = top()

        def call(self, x):
            for part in self.parts:
                x = part(x)
            return x

    layer = vectorizer(output_sequence_length=4)
    model = compiled(hb.Sequential([layer, Body()]))
    losses = model.fit(TEXTS, Y, epochs=3, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    with pytest.raises(ValueError, match="neither Sequential nor functional"):
        compiled(Body()).fit(TEXTS, Y, verbose=0)


def test_tensors_of_scripts():
    layer = tf.keras.layers.TextVectorization(output_sequence_length=4)
    layer.adapt(tf.constant(TEXTS))
    model = tf.keras.Sequential([tf.keras.Input((1,), dtype=tf.string), layer, *top(tf.keras)])

    def loss(y_true, y_pred):
        return tf.reduce_mean(tf.square(y_true - y_pred), axis=-1)

    model.compile("sgd", loss)
    texts = tf.constant(TEXTS)
    model.fit(texts, Y, verbose=0)
    dataset = tf.data.Dataset.from_tensor_slices((texts, Y)).batch(4)
    model.fit(dataset, verbose=0)
    expected = model(texts).numpy()
    for given in (texts, texts[:, None], dataset, texts.numpy()):
        np.testing.assert_allclose(model.predict(given, verbose=0), expected, rtol=1e-6)
    assert model.predict(tf.constant(["good"]), verbose=0).shape == (1, 1)


def beside_computed():
    words, kind = hb.Input((1,), dtype="string"), hb.Input((1,), dtype="int32")
    return hb.Model([words, kind], layers.HashedCrossing(3)([words, kind + 1]))


def sequential(*parts):
    return compiled(hb.Sequential(parts))


REFUSED = {
    "a layer": (
        lambda: sequential(hb.Input((), dtype="string"), layers.Reshape((1,))),
        r"'reshape.*' \(Reshape\) got strings",
    ),
    "the first layer": (
        lambda: sequential(layers.Dense(1)).fit(TEXTS, Y),
        r"\(Dense\) got strings, which only text layers take",
    ),
    "an input of numbers": (
        lambda: sequential(hb.Input((1,), name="n"), layers.Dense(1)).fit(TEXTS, Y),
        "input 'n' is of dtype float32 and got strings",
    ),
    "beside what is computed": (
        lambda: beside_computed().predict([COLORS, np.ones((8, 1), "int32")]),
        "beside what the model computes",
    ),
    "targets": (
        lambda: sequential(vectorizer(output_sequence_length=4), *top()).fit(TEXTS, TEXTS),
        "y has dtype <U17, which cannot be trained on",
    ),
    "rows of different lengths": (
        lambda: sequential(vectorizer(), *top()).predict([["a", "b"], ["c"]]),
        "rows of different lengths",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    call, message = REFUSED[name]
    with pytest.raises(ValueError, match=message):
        call()


def test_a_refused_call_leaves_the_model():
    model = sequential(layers.Dense(1))
    with pytest.raises(ValueError, match="got strings"):
        model.fit(TEXTS, Y, verbose=0)
    assert not model.built
    assert model.predict(np.ones((2, 3)), verbose=0).shape == (2, 1)
