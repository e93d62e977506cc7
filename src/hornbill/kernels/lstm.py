"""An LSTM over a sequence by oneDNN, for programs of this process on the CPU.

Measured on two cores (batch 32, 100 steps, 128 inputs and units): value and gradients take 15 ms
(`recurrence` 23). The value alone, a batch in each of two threads, takes 5.9 ms (6.5).
"""

import functools

import jax
import jax.numpy as jnp

from ..engine import onednn

# Below this a step's products are so small that XLA's loop is as fast.
LEAST_PRODUCTS = 5_000_000


def fits(xs, kernel, bias, kernel_h) -> bool:
    """Whether oneDNN is to run an LSTM of tanh and sigmoid over these `(time, batch, n)`."""
    if bias is None or not onednn.threads():
        return False
    if any(a.dtype != jnp.float32 for a in (xs, kernel, bias, kernel_h)):
        return False
    steps, batch, inputs = xs.shape
    if steps * batch * (kernel.size + kernel_h.size) < LEAST_PRODUCTS:
        return False
    shape = steps, batch // _parts(batch, onednn.threads()), inputs, kernel_h.shape[0]
    return onednn.lstm_workspace(*shape) > 0


def _parts(batch: int, threads: int) -> int:
    """In how many equal parts a batch is cut, at most one for each thread."""
    return max(n for n in range(1, threads + 1) if batch % n == 0)


def _cut(a, parts: int):
    """`(..., batch, n)` with the parts of the batch in front."""
    *lead, batch, n = a.shape
    return jnp.moveaxis(a.reshape(*lead, parts, batch // parts, n), -3, 0)


def _joined(a):
    """The inverse of `_cut`."""
    a = jnp.moveaxis(a, 0, -3)
    return a.reshape(*a.shape[:-3], -1, a.shape[-1])


def _shapes(*shapes):
    return [jax.ShapeDtypeStruct(shape, jnp.float32) for shape in shapes]


def lstm(plain, xs, h, c, kernel, kernel_h, bias):
    """The outputs `(time, batch, units)` and the last two states.

    Args:
        plain: the same function of the other arguments by JAX: for derivatives of the gradients.
        xs: the inputs, `(time, batch, n)`.
        h, c: the first states, `(batch, units)`.
        kernel, kernel_h, bias: an `LSTM` layer's weights.
    """
    return _infer(plain, onednn.threads(), xs, h, c, kernel, kernel_h, bias)


@functools.partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def _infer(plain, threads, *args):
    return _run(onednn.INFER, threads, *args)


def _run(kind, threads, xs, h, c, *weights):
    """The results; in training also what they leave for the way back."""
    parts = _parts(h.shape[0], threads)
    xs, h, c = (_cut(a, parts) for a in (xs, h, c))
    _, steps, batch, inputs = xs.shape
    shapes = _shapes((parts, steps, *h.shape[1:]), h.shape, c.shape)
    if kind == onednn.TRAIN:
        size = onednn.lstm_workspace(steps, batch, inputs, h.shape[-1])
        shapes.append(jax.ShapeDtypeStruct((parts, size), jnp.uint8))
    outputs, h, c, *workspace = onednn.lstm(threads, kind, shapes, xs, h, c, *weights)
    return *map(_joined, (outputs, h, c)), *workspace


@functools.partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def _train(plain, threads, *args):
    return _run(onednn.TRAIN, threads, *args)


def _forward(plain, threads, *args):
    results = _train(plain, threads, *args)
    return results[:3], (args, results)


def _train_forward(plain, threads, *args):
    results = _train(plain, threads, *args)
    return results, (args, results)


def _backward(plain, threads, saved, cotangents):
    return _gradients(plain, threads, *saved, cotangents[:3])


_train.defvjp(_train_forward, _backward)
_infer.defvjp(_forward, _backward)


@functools.partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def _gradients(plain, threads, args, results, cotangents):
    xs, h, c, *weights = args
    *results, workspace = results
    parts = workspace.shape[0]
    data, results, cotangents = (
        [_cut(a, parts) for a in group] for group in ((xs, h, c), results, cotangents)
    )
    shapes = _shapes(*(a.shape for a in data), *((parts, *w.shape) for w in weights))
    given = *data, *weights, *results, workspace, *cotangents
    *grads, dk, dk_h, db = onednn.lstm(threads, onednn.GRADIENTS, shapes, *given)
    # XLA's sum along an axis of two takes 0.9 ms for a kernel's 2 x 128 x 512, an addition 0.1.
    return *map(_joined, grads), *(sum(parts) for parts in (dk, dk_h, db))


def _gradients_forward(plain, threads, args, results, cotangents):
    return _gradients(plain, threads, args, results, cotangents), (args, cotangents)


def _gradients_backward(plain, threads, saved, seconds):
    _, pullback = jax.vjp(lambda args, d: jax.vjp(plain, *args)[1](d), *saved)
    args, cotangents = pullback(seconds)
    return args, None, cotangents


_gradients.defvjp(_gradients_forward, _gradients_backward)
