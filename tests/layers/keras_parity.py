"""One comparison of a layer with Keras's, used by the tables of all families."""

import json
from unittest import mock

import jax
import jax.numpy as jnp
import keras
import numpy as np

import hornbill as hb
from hornbill.engine.serialize import deserialize, serialize

# Compiling takes nearly all of the time: leave out what makes the compiled code fast.
QUICK = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}


def data(*shape):
    """Numbers that look random; the same for the same shape."""
    return np.random.default_rng(len(shape)).normal(size=shape).astype("float32")


def run(layer, x, **arguments):
    """Output, new statistics, and gradients by weights and input, in one compiled function."""
    trainable = [v.value for v in layer.trainable_variables]
    others = [v.value for v in layer.non_trainable_variables]

    def loss(trainable, others, x):
        y, new = layer.stateless_call(trainable, others, x, **arguments)
        # Each output counts with another weight, so that no two errors cancel.
        return (y * jnp.cos(jnp.arange(y.size, dtype=y.dtype)).reshape(y.shape)).sum(), (y, new)

    step = jax.jit(jax.value_and_grad(loss, argnums=(0, 2), has_aux=True), compiler_options=QUICK)
    (_, (y, new)), gradients = step(trainable, others, x)
    return {"output": y, "new statistics": new, "gradients": gradients}


def pair(name, settings, shape):
    """Our layer, out of its own JSON, and Keras's, built alike and with the same weights."""
    theirs = getattr(keras.layers, name)(**settings, name="layer")
    config = json.loads(json.dumps(serialize(getattr(hb.layers, name)(**settings, name="layer"))))
    opened = keras.saving.deserialize_keras_object(config)
    assert opened.get_config() == theirs.get_config()
    # Keras compiles its random draws for each shape; the weights are replaced anyway.
    with mock.patch.object(keras.initializers.GlorotUniform, "__call__", keras.initializers.Ones()):
        theirs.build(shape)
    ours = deserialize(config)
    ours.build(shape)
    assert [w.name for w in ours.weights] == [w.name for w in theirs.weights]
    rng = np.random.default_rng(0)
    theirs.set_weights([rng.uniform(0.2, 1.0, w.shape) for w in theirs.weights])
    ours.set_weights(theirs.get_weights())
    return ours, theirs


def check(name, settings, x, unknown=(), rtol=1e-5, **arguments):
    """Compares everything; `unknown` are the axes that a symbolic call leaves open."""
    ours, theirs = pair(name, settings, x.shape)
    ours_got, theirs_got = run(ours, x, **arguments), run(theirs, x, **arguments)
    for what, expected in theirs_got.items():
        for one, other in zip(
            jax.tree.leaves(ours_got[what]), jax.tree.leaves(expected), strict=True
        ):
            np.testing.assert_allclose(one, other, rtol=rtol, atol=1e-5, err_msg=f"{name}: {what}")

    y = ours_got["output"]
    assert ours.compute_output_shape(x.shape) == y.shape
    open_shape = [None if i in (0, *unknown) else n for i, n in enumerate(x.shape)]
    symbolic = ours(hb.Input(batch_shape=open_shape))
    assert symbolic.dtype == "float32"
    assert len(symbolic.shape) == y.ndim
    assert all(a in (None, b) for a, b in zip(symbolic.shape, y.shape, strict=True))
    assert symbolic.shape[0] is None
    assert symbolic.shape.count(None) <= len(unknown) + 1

    half = getattr(hb.layers, name)(**settings, dtype="mixed_bfloat16")
    assert all(w.dtype == "float32" for w in half.weights)
    assert half(hb.Input(batch_shape=open_shape)).dtype == "bfloat16"
    return ours
