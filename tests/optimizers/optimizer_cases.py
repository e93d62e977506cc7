"""Two variables, and gradients for them, in Hornbill and in Keras."""

import keras
import numpy as np

import hornbill as hb

rng = np.random.default_rng(0)
VALUES = [rng.normal(size=(4, 3)).astype("float32"), rng.normal(size=3).astype("float32")]
NAMES = ["kernel", "bias"]
STEPS = 20
GRADIENTS = [
    [(rng.normal(size=v.shape) * (1 + 2 * (i % 3))).astype("float32") for v in VALUES]
    for i in range(STEPS)
]


def variables(library, **kwargs):
    return [library.Variable(v, name=n, **kwargs) for v, n in zip(VALUES, NAMES, strict=True)]


def train(optimizer, weights, steps=STEPS):
    """Applies the gradients one after the other; returns the weights after each step."""
    optimizer.build(weights)
    seen = []
    for gradients in GRADIENTS[:steps]:
        optimizer.apply([np.array(g) for g in gradients], weights)
        seen.append([np.asarray(w) for w in weights])
    return seen


def keras_train(optimizer, weights, steps=STEPS):
    """The same in Keras, compiled: eager Keras is slow."""
    import jax

    optimizer.build(weights)
    step = jax.jit(optimizer.stateless_apply)
    values = [w.value for w in weights]
    state = [v.value for v in optimizer.variables]
    seen = []
    for gradients in GRADIENTS[:steps]:
        values, state = step(state, gradients, values)
        seen.append([np.asarray(v) for v in values])
    for variable, value in zip(optimizer.variables, state, strict=True):
        variable.assign(value)
    return seen


def state(optimizer):
    return [np.asarray(v) for v in optimizer.variables]


def assert_same(ours, theirs, rtol=1e-5, atol=1e-6):
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=rtol, atol=atol)


def pair(name, kwargs):
    """An optimizer in both libraries; `kwargs` may be a function of the library."""
    made = []
    for library in (hb, keras):
        given = kwargs(library) if callable(kwargs) else kwargs
        made.append(getattr(library.optimizers, name)(**given))
    return made
