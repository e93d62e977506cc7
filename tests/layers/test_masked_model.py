"""A mask on its way through a whole model, compiled and eager, as in Keras."""

import keras
import numpy as np

import hornbill as hb

IDS = np.array([[3, 1, 2, 0], [2, 0, 0, 0], [1, 1, 0, 0], [4, 4, 4, 4]], "int32")


def classifier(library):
    layers = library.layers
    ids = library.Input((None,), dtype="int32")
    x = layers.Embedding(5, 4, mask_zero=True)(ids)
    y = layers.MultiHeadAttention(2, 3)(x, x, use_causal_mask=True)
    x = layers.Add()([x, y])
    x = layers.Dense(3, activation="tanh")(layers.Dropout(0.0)(x))
    y = layers.Attention()([y, y])
    pooled = [layers.GlobalAveragePooling1D()(t) for t in (x, y)]
    model = library.Model(ids, layers.Dense(1)(layers.Concatenate()(pooled)))
    model.compile("sgd", "mse")
    return model


def test_predicts_and_trains_as_keras():
    theirs, ours = classifier(keras), classifier(hb)
    ours.set_weights(theirs.get_weights())
    np.testing.assert_allclose(
        ours.predict(IDS, verbose=0), theirs.predict(IDS, verbose=0), rtol=1e-4, atol=1e-6
    )
    target = np.arange(4, dtype="float32")[:, None]
    settings = {"batch_size": 2, "epochs": 3, "shuffle": False, "verbose": 0}
    fits = [model.fit(IDS, target, **settings) for model in (ours, theirs)]
    np.testing.assert_allclose(*[fit.history["loss"] for fit in fits], rtol=1e-4)
    for one, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-5)
