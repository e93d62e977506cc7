import keras
import numpy as np
import pytest

import hornbill as hb

RNG = np.random.default_rng(0)
X = RNG.normal(size=(2, 3, 4)).astype("float32")
ROWS = RNG.integers(0, 6, (2, 3))
CASES = {
    "Dense": ({"units": 5}, X, "kernel"),
    "EinsumDense": ({"equation": "abc,cde->abde", "output_shape": (3, 2, 5)}, X, "kernel"),
    "Embedding": ({"input_dim": 6, "output_dim": 5}, ROWS, "embeddings"),
    "ReversibleEmbedding": ({"input_dim": 6, "output_dim": 5}, ROWS, "embeddings"),
}


def pair(name):
    """A layer of each library with the same weights and LoRA of rank 2."""
    settings, x, _ = CASES[name]
    layers = [getattr(lib.layers, name)(**settings) for lib in (hb, keras)]
    for layer in layers:
        layer(x)
        layer.enable_lora(2, lora_alpha=3.0)
    weights = [RNG.normal(size=w.shape).astype("float32") for w in layers[0].get_weights()]
    for layer in layers:
        layer.set_weights(weights)
    return (*layers, x)


@pytest.mark.parametrize("name", CASES)
def test_lora_equals_keras(name):
    ours, theirs, x = pair(name)
    assert [w.shape for w in ours.weights] == [w.shape for w in theirs.weights]
    assert [w.name for w in ours.trainable_weights] == [w.name for w in theirs.trainable_weights]
    assert {w.path.partition("/")[0] for w in ours.weights} == {ours.name}
    np.testing.assert_allclose(ours(x), theirs(x), rtol=1e-5, atol=1e-6)
    merged = CASES[name][2]
    np.testing.assert_allclose(getattr(ours, merged), getattr(theirs, merged), rtol=1e-5, atol=1e-6)
    stores = {}, {}
    ours.save_own_variables(stores[0])
    theirs.save_own_variables(stores[1])
    assert stores[0].keys() == stores[1].keys()
    for key, value in stores[1].items():
        np.testing.assert_allclose(stores[0][key], np.asarray(value), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", CASES)
def test_files_hold_the_sum(name):
    layer, _, x = pair(name)
    before, store = layer(x), {}
    layer.save_own_variables(store)
    plain = type(layer)(**CASES[name][0])
    plain(x)
    plain.load_own_variables(store)
    np.testing.assert_allclose(plain(x), before, rtol=1e-5, atol=1e-6)
    layer.load_own_variables(store)
    np.testing.assert_allclose(layer(x), before, rtol=1e-5, atol=1e-6)
    assert np.any(layer._lora_a.numpy())
    store.pop("0")
    with pytest.raises(ValueError, match="beside its LoRA"):
        layer.load_own_variables(store)


@pytest.mark.parametrize("how", ["argument", "method"])
def test_only_the_product_is_trained_and_the_config_says_so(how):
    settings = {"use_bias": False, **({"lora_rank": 2} if how == "argument" else {})}
    layer = hb.layers.Dense(5, **settings)
    model = hb.Sequential([hb.Input((4,)), layer])
    if how == "method":
        layer.enable_lora(2)
    kernel = layer._kernel.numpy()
    model.compile("sgd", "mse")
    model.fit(X[0], np.ones((3, 5)), epochs=2, verbose=0)
    np.testing.assert_array_equal(layer._kernel.numpy(), kernel)
    assert np.any(layer.lora_kernel_b.numpy())
    copy = hb.layers.Dense.from_config(layer.get_config())
    copy.build((None, 4))
    assert (copy.lora_rank, copy.lora_alpha) == (2, 2)
    assert [w.shape for w in copy.weights] == [w.shape for w in layer.weights]
    assert keras.layers.Dense.from_config(layer.get_config()).lora_rank == 2


def test_lora_weights_are_float32():
    layer = hb.layers.Dense(5, lora_rank=2, dtype="mixed_bfloat16")
    assert layer(X).dtype == "bfloat16"
    assert {w._dtype for w in layer.weights} == {"float32"}


def built(**settings):
    layer = hb.layers.Dense(5, **settings)
    layer.build((None, 4))
    return layer


@pytest.mark.parametrize(
    ("use", "match"),
    [
        (lambda: hb.layers.Dense(5).enable_lora(2), "is not built"),
        (lambda: built(lora_rank=2).enable_lora(2), "has LoRA already"),
        (lambda: built().enable_lora(0), "lora_rank=0"),
        (lambda: built(kernel_constraint="non_neg").enable_lora(2), "constraint on its kernel"),
        (lambda: hb.layers.Embedding(5, 2, lora_rank=-1), "lora_rank=-1"),
        (lambda: hb.layers.Dense(5, quantization_config={}), "no quantizers"),
        (lambda: hb.layers.EinsumDense("ab,bc->ac", 2, gptq_unpacked_column_size=3), "=3"),
    ],
)
def test_wrong_uses(use, match):
    with pytest.raises(ValueError, match=match):
        use()
    with pytest.raises(AttributeError, match="has no kernel before it is built"):
        hb.layers.Dense(5).kernel  # noqa: B018
