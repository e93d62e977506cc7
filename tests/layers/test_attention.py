import json
import warnings

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest
from keras.src.backend.common.masking import set_keras_mask
from keras_parity import data

import hornbill as hb
from hornbill.engine.beside import get_mask, set_mask
from hornbill.engine.serialize import deserialize, serialize

Q, V, K = data(2, 3, 4), data(2, 5, 4), data(2, 5, 4)[:, ::-1] + 0.5
GRID = data(2, 3, 2, 4)
Q_MASK = np.array([[1, 1, 0], [1, 0, 0]], "bool")
V_MASK = np.array([[1, 1, 1, 0, 1], [1, 0, 0, 0, 0]], "bool")
PAIRS = np.random.default_rng(1).random((2, 3, 5)) > 0.4
# The weights are set anyway, and Keras compiles each draw.
ZEROS = {"kernel_initializer": "zeros"}
HEADS = {"num_heads": 2, "key_dim": 3, **ZEROS}
GROUPS = {"head_dim": 2, "num_query_heads": 4, "num_key_value_heads": 2, **ZEROS}
SCORES, CAUSAL = {"return_attention_scores": True}, {"use_causal_mask": True}

# The compiler's time is most of the test's.
QUICK = {"xla_backend_optimization_level": 0}
PROJECTED = [
    ("MultiHeadAttention", HEADS, [Q, V, K], {}),
    ("MultiHeadAttention", HEADS, [Q, V], CAUSAL),
    ("MultiHeadAttention", HEADS, [Q, V], {**SCORES, **CAUSAL, "attention_mask": PAIRS}),
    ("MultiHeadAttention", HEADS, [Q, V], {"attention_mask": PAIRS[:, None]}),
    ("MultiHeadAttention", {**HEADS, "value_dim": 2, "output_shape": (2, 5)}, [Q, V], SCORES),
    ("MultiHeadAttention", {**HEADS, "use_gate": True, "sliding_window": 2}, [Q, V], CAUSAL),
    ("MultiHeadAttention", {**HEADS, "use_bias": False, "output_shape": 5}, [Q, V], {}),
    ("MultiHeadAttention", HEADS, [GRID, GRID], SCORES),
    ("MultiHeadAttention", {**HEADS, "attention_axes": [2]}, [GRID, GRID], {}),
    ("MultiHeadAttention", {**HEADS, "dropout": 0.4, "seed": 3}, [Q, V], {"training": True}),
    ("GroupQueryAttention", GROUPS, [Q, V, K], CAUSAL),
    ("GroupQueryAttention", {**GROUPS, "use_gate": True}, [Q, V], {**SCORES, **CAUSAL}),
    ("GroupQueryAttention", {**GROUPS, "dropout": 0.4, "seed": 3}, [Q, V], {"training": True}),
]
PLAIN = [
    ("Attention", {}, [Q, V], {}),
    ("Attention", {"use_scale": True}, [Q, V, K], {**SCORES, **CAUSAL}),
    ("Attention", {"use_scale": True, "score_mode": "concat"}, [Q, V], {"mask": [Q_MASK, V_MASK]}),
    ("Attention", {"dropout": 0.4, "seed": 3}, [Q, V], {"training": True}),
    ("AdditiveAttention", {}, [Q, V, K], {"mask": [None, V_MASK], **CAUSAL, **SCORES}),
    ("AdditiveAttention", {"use_scale": False}, [Q, V], {}),
]


def results(layer, inputs, arguments, listed):
    """Outputs, the states after, and the gradients by weights and inputs."""
    trainable = [v.value for v in layer.trainable_variables]
    others = [v.value for v in layer.non_trainable_variables]

    def loss(trainable, inputs):
        called = [inputs] if listed else inputs
        outputs, new = layer.stateless_call(trainable, others, *called, **arguments)
        first = jax.tree.leaves(outputs)[0]
        weights = jnp.cos(jnp.arange(first.size)).reshape(first.shape)
        return (first * weights).sum(), (outputs, new)

    step = jax.value_and_grad(loss, argnums=(0, 1), has_aux=True)
    (_, auxiliary), gradients = jax.jit(step, compiler_options=QUICK)(trainable, inputs)
    return jax.tree.leaves((auxiliary, gradients))


def compare(name, settings, inputs, arguments, listed):
    theirs = getattr(keras.layers, name)(**settings, name="layer")
    config = json.loads(json.dumps(serialize(getattr(hb.layers, name)(**settings, name="layer"))))
    opened = keras.saving.deserialize_keras_object(config).get_config()
    assert (
        opened
        == keras.saving.deserialize_keras_object(
            keras.saving.serialize_keras_object(theirs)
        ).get_config()
    )
    ours = deserialize(config)
    shapes = [x.shape for x in inputs]
    for layer in (ours, theirs):
        layer.build(shapes) if listed else layer.build(*shapes)
    assert [w.path for w in ours.weights] == [w.path for w in theirs.weights]
    # Files name the projections by the attributes that hold them.
    for attribute in [k for k in vars(ours) if k.endswith("_dense")]:
        public = attribute.lstrip("_")
        assert attribute == (public if hasattr(theirs, public) else f"_{public}")
        assert getattr(theirs, attribute).name == getattr(ours, attribute).name
    rng = np.random.default_rng(0)
    theirs.set_weights([rng.normal(size=w.shape) for w in theirs.weights])
    ours.set_weights(theirs.get_weights())
    got = results(ours, inputs, arguments, listed)
    for one, other in zip(got, results(theirs, inputs, arguments, listed), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)

    half = getattr(hb.layers, name)(**settings, dtype="mixed_bfloat16")
    tensors = [hb.Input((*[None] * (x.ndim - 2), x.shape[-1])) for x in inputs]
    kwargs = {k: v for k, v in arguments.items() if "mask" not in k or k == "use_causal_mask"}
    outputs = jax.tree.leaves(half(*([tensors] if listed else tensors), **kwargs))
    for symbolic, real in zip(outputs, got, strict=False):
        assert symbolic.dtype == "bfloat16"
        assert len(symbolic.shape) == real.ndim
        assert all(n in (None, m) for n, m in zip(symbolic.shape, real.shape, strict=True))


@pytest.mark.parametrize(("name", "settings", "inputs", "arguments"), PROJECTED)
def test_projected_attention_equals_keras(name, settings, inputs, arguments):
    compare(name, settings, inputs, arguments, listed=False)


@pytest.mark.parametrize(("name", "settings", "inputs", "arguments"), PLAIN)
def test_plain_attention_equals_keras(name, settings, inputs, arguments):
    compare(name, settings, inputs, arguments, listed=True)


@pytest.mark.parametrize("scores", [False, True])
@pytest.mark.parametrize(
    ("name", "settings"), [("MultiHeadAttention", HEADS), ("GroupQueryAttention", GROUPS)]
)
def test_masks_of_the_inputs_count_as_in_keras(name, settings, scores):
    theirs, ours = (getattr(m.layers, name)(**settings) for m in (keras, hb))
    outputs = []
    for layer, put in ((theirs, set_keras_mask), (ours, set_mask)):
        query, value = jnp.array(Q), jnp.array(V)
        layer.build(Q.shape, V.shape)
        put(query, jnp.array(Q_MASK))
        put(value, jnp.array(V_MASK))
        rng = np.random.default_rng(0)
        layer.set_weights([rng.normal(size=w.shape) for w in layer.weights])
        with warnings.catch_warnings():
            if layer is theirs:
                warnings.simplefilter("ignore")  # Keras's grouped layer trips over its own masks
            outputs.append(layer(query, value, return_attention_scores=scores))
    for one, other in zip(*map(jax.tree.leaves, outputs), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)
    first = outputs[1][0] if scores else outputs[1]
    np.testing.assert_array_equal(get_mask(first), Q_MASK)


@pytest.mark.parametrize(
    ("name", "settings"),
    [("MultiHeadAttention", (2, 3)), ("GroupQueryAttention", (2, 4, 2)), ("Attention", ())],
)
def test_defaults_are_keras_s(name, settings):
    theirs, ours = (getattr(m.layers, name)(*settings) for m in (keras, hb))
    opened = keras.saving.deserialize_keras_object(serialize(ours))
    assert opened.get_config() == {**theirs.get_config(), "name": ours.name}
    assert ours.name.rstrip("_0123456789") == theirs.name.rstrip("_0123456789")


def test_masks_may_be_passed():
    layer = hb.layers.MultiHeadAttention(2, 3)
    query, value = jnp.array(Q), jnp.array(V)
    given = layer(query, value, query_mask=Q_MASK, value_mask=V_MASK)
    np.testing.assert_array_equal(get_mask(given), Q_MASK)
    whole = V_MASK[:, None] & Q_MASK[..., None]
    np.testing.assert_allclose(given, layer(query, value, attention_mask=whole), rtol=1e-5)


def test_attention_gives_the_querys_mask():
    y = hb.layers.Attention()([Q, V], mask=[Q_MASK, None])
    np.testing.assert_array_equal(get_mask(y), Q_MASK)
    np.testing.assert_array_equal(np.array(y)[~Q_MASK], 0)


def test_value_dim_differs_without_scores():
    # Keras fails here, where the fused op takes heads of one size only.
    layer = hb.layers.MultiHeadAttention(2, 3, value_dim=5)
    explicit = layer(Q, V, return_attention_scores=True)[0]
    np.testing.assert_allclose(layer(Q, V), explicit, rtol=1e-6)


def test_one_initializer_object_starts_each_projection_anew():
    layer = hb.layers.MultiHeadAttention(2, 3, kernel_initializer=hb.initializers.GlorotUniform())
    layer.build(Q.shape, Q.shape)
    assert (np.array(layer.query_dense.kernel) != np.array(layer.key_dense.kernel)).all()


def test_settings_are_readable():
    layer = hb.layers.MultiHeadAttention(2, 3, dropout=0.1, attention_axes=-2, use_bias=False)
    layer.build(Q.shape, Q.shape)
    assert (layer.num_heads, layer.key_dim, layer.value_dim) == (2, 3, 3)
    assert (layer.dropout, layer.use_bias, layer.attention_axes) == (0.1, False, (1,))
    assert layer.value_dense.name == "value"
    assert layer.output_dense.name == "attention_output"


def test_a_transformer_block_learns_in_fit():
    inputs = hb.Input((None, 4))
    y = hb.layers.MultiHeadAttention(2, 3, dropout=0.1)(inputs, inputs, use_causal_mask=True)
    y = hb.layers.Add()([inputs, y])
    model = hb.Model(inputs, hb.layers.Dense(1)(y))
    model.compile("adam", "mse")
    x = np.random.default_rng(0).normal(size=(32, 3, 4)).astype("float32")
    target = np.cumsum(x.sum(-1, keepdims=True), 1)
    history = model.fit(x, target, batch_size=8, epochs=8, verbose=0).history["loss"]
    assert history[-1] < history[0]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda m: m.MultiHeadAttention(0, 3),
            "num_heads is a positive int. Received: num_heads=0",
        ),
        (lambda m: m.MultiHeadAttention(2, 3.0), "key_dim is a positive int"),
        (lambda m: m.MultiHeadAttention(2, 3, value_dim=0), "value_dim is a positive int"),
        (lambda m: m.MultiHeadAttention(2, 3, dropout=2), "dropout is between 0 and 1"),
        (lambda m: m.MultiHeadAttention(2, 3, output_shape="a"), "output_shape is an int, a tuple"),
        (lambda m: m.MultiHeadAttention(2, 3, attention_axes=1.5), "attention_axes is an int"),
        (lambda m: m.MultiHeadAttention(2, 3, sliding_window=0), "sliding_window is a positive"),
        (
            lambda m: m.MultiHeadAttention(2, 3, dropout=0.1, flash_attention=True),
            "no flash attention with dropout",
        ),
        (
            lambda m: m.MultiHeadAttention(2, 3, flash_attention=True)(Q, V, **SCORES),
            "which never writes the scores out",
        ),
        (
            lambda m: m.MultiHeadAttention(2, 3, attention_axes=2)(Q, V),
            "must lie between the batch and the features",
        ),
        (lambda m: m.MultiHeadAttention(2, 3)(Q, V, Q), "value and key of the same steps"),
        (lambda m: m.MultiHeadAttention(2, 3)(Q, V[0]), "takes query, value and key of one rank"),
        (lambda m: m.GroupQueryAttention(2, 3, 2), "a multiple of num_key_value_heads"),
        (lambda m: m.GroupQueryAttention(0, 4, 2), "head_dim is a positive int"),
        (lambda m: m.GroupQueryAttention(2, 4, 2)(GRID, GRID), "takes .batch, steps, features"),
        (lambda m: m.Attention(score_mode="x"), "'dot' or 'concat'. Received: score_mode='x'"),
        (lambda m: m.Attention(dropout=-1), "Attention's dropout is between 0 and 1"),
        (lambda m: m.Attention()(Q), "takes .query, value. or .*Received: one tensor"),
        (lambda m: m.Attention()([Q]), "Received: 1 tensors"),
        (lambda m: m.Attention()([Q, V], mask=[V_MASK]), "takes a mask .query_mask, value_mask"),
        (lambda m: m.Attention()([Q, V, Q]), "for value and key. Received: shapes"),
    ],
)
def test_refuses(make, message):
    with pytest.raises(ValueError, match=message):
        make(hb.layers)


def test_additive_attention_has_no_score_mode():
    with pytest.raises(TypeError, match="AdditiveAttention has one way to score"):
        hb.layers.AdditiveAttention(score_mode="dot")
