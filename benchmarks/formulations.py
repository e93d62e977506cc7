"""Ways to write a kernel, side by side: what `hornbill.kernels` chose, and what it passed over.

    python benchmarks/formulations.py                 # all
    python benchmarks/formulations.py lstm conv --repeat 20

Each row is one formulation, compiled as a training step compiles it: milliseconds for the value
and all gradients, the best of interleaved repetitions, and its ratio to the first row's. Before
anything is timed, each formulation's gradients are compared with the first one's.
"""

import argparse
import functools
import time

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import jaxpr_as_fun

import hornbill as hb
from hornbill.engine import compile as compiler
from hornbill.engine import onednn
from hornbill.engine.substitute import with_onednn
from hornbill.kernels.attention import attention
from hornbill.kernels.conv import conv
from hornbill.kernels.lstm import fits
from hornbill.kernels.lstm import lstm as lstm_kernel
from hornbill.kernels.normalization import normalize
from hornbill.kernels.pooling import max_pool
from hornbill.kernels.random_bits import bernoulli
from hornbill.kernels.recurrent import recurrence

ONEDNN = {"threads": compiler.cores()}

# ---- LSTM: batch 32, 100 steps, 128 inputs and units -------------------------------------------


def gates(x, a, states):
    _, c = states
    i, f, g, o = map(jnp.add, x, a)
    c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
    return jax.nn.sigmoid(o) * jnp.tanh(c), c


def lstm(xs, kernel, kernel_h, unroll=1, before=False, joined=False):
    """A plain scan, with its variations."""
    zeros = jnp.zeros((xs.shape[1], kernel_h.shape[0]))
    both = jnp.concatenate([kernel, kernel_h])
    xs = xs @ kernel if before else xs

    def step(states, x):
        if joined:
            z = jnp.concatenate([x, states[0]], -1) @ both
        else:
            z = (x if before else x @ kernel) + states[0] @ kernel_h
        states = gates(jnp.split(z, 4, -1), [0.0] * 4, states)
        return states, states[0]

    return jax.lax.scan(step, (zeros, zeros), xs, unroll=unroll)[1]


def lstm_transposed(xs, kernel, kernel_h):
    """Features first: the products are `kernel.T @ x.T`."""
    zeros = jnp.zeros((kernel_h.shape[0], xs.shape[1]))

    def step(states, x):
        h, c = states
        i, f, g, o = jnp.split(kernel.T @ x.T + kernel_h.T @ h, 4)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        h = jax.nn.sigmoid(o) * jnp.tanh(c)
        return (h, c), h.T

    return jax.lax.scan(step, (zeros, zeros), xs)[1]


def lstm_ours(xs, kernel, kernel_h, unroll=1):
    zeros = jnp.zeros((xs.shape[1], kernel_h.shape[0]))
    states = (zeros, zeros)
    return recurrence(gates, (), unroll, xs, kernel, None, kernel_h, None, states, None)[0]


def lstm_onednn(xs, kernel, kernel_h):
    zeros, bias = jnp.zeros((xs.shape[1], kernel_h.shape[0])), jnp.zeros(kernel.shape[1])
    if not fits(xs, kernel, bias, kernel_h):
        return lstm_ours(xs, kernel, kernel_h)
    return lstm_kernel(None, xs, zeros, zeros, kernel, kernel_h, bias)[0]


def lstm_case():
    rng = np.random.default_rng(0)
    made = [rng.normal(size=s) * k for s, k in (((100, 32, 128), 1), ((128, 512), 0.05))]
    arrays = [jnp.asarray(a, "float32") for a in (*made, made[1][::-1])]
    return arrays, {
        "hornbill: oneDNN's, a part of the batch on each core": (lstm_onednn, ONEDNN),
        "hornbill elsewhere: one product of inputs in front, weight gradients behind": (
            lstm_ours,
            {},
        ),
        "the same, 5 steps unrolled": (functools.partial(lstm_ours, unroll=5), {}),
        "the same, default scheduler": (lstm_ours, {"options": {}}),
        "plain scan": (lstm, {}),
        "plain scan, default scheduler": (lstm, {"options": {}}),
        "plain scan, 10 steps unrolled": (functools.partial(lstm, unroll=10), {}),
        "inputs multiplied before the loop": (functools.partial(lstm, before=True), {}),
        "inputs and states in one product": (functools.partial(lstm, joined=True), {}),
        "features first": (lstm_transposed, {}),
    }


# ---- 3x3 convolution: batch 64, 32x32, 32 to 32 channels ---------------------------------------


def conv_ours(x, kernel):
    return conv(x, kernel, 1, "same", "channels_last")


def conv_nchw(x, kernel):
    y = conv(jnp.transpose(x, (0, 3, 1, 2)), kernel, 1, "same", "channels_first")
    return jnp.transpose(y, (0, 2, 3, 1))


def windows(x, size):
    """The shifted copies of the padded images whose sum of products is a convolution."""
    height, width = x.shape[1:3]
    padded = jnp.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    return [padded[:, i : i + height, j : j + width] for i in range(size) for j in range(size)]


def conv_as_one_product(x, kernel):
    columns = jnp.concatenate(windows(x, 3), -1)
    return columns @ kernel.reshape(-1, kernel.shape[-1])


def conv_as_nine_products(x, kernel):
    taps = kernel.reshape(9, *kernel.shape[2:])
    return sum(w @ k for w, k in zip(windows(x, 3), taps, strict=True))


def conv_case():
    rng = np.random.default_rng(0)
    shapes = (64, 32, 32, 32), (3, 3, 32, 32)
    arrays = [jnp.asarray(rng.normal(size=s) * 0.1, "float32") for s in shapes]
    training = {"options": compiler.options("training with convolutions")}
    return arrays, {
        "hornbill: oneDNN's": (conv_ours, ONEDNN),
        "hornbill elsewhere: lax.conv, without ynn fusions": (conv_ours, training),
        "lax.conv, hornbill's options for other programs": (conv_ours, {}),
        "lax.conv, the compiler's own options": (conv_ours, {"options": {}}),
        "channels first": (conv_nchw, training),
        "windows laid out, one product": (conv_as_one_product, {}),
        "nine products, summed": (conv_as_nine_products, {}),
    }


# ---- max pooling: batch 64, 26x26x32, windows of 2x2 -------------------------------------------


def pool_ours(x):
    return max_pool(x, 2, None, "valid", "channels_last")


def pool_reduce_window(x):
    return jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")


def pool_slices(x):
    a, b, c, d = x[:, ::2, ::2], x[:, 1::2, ::2], x[:, ::2, 1::2], x[:, 1::2, 1::2]
    return jnp.maximum(jnp.maximum(a, b), jnp.maximum(c, d))


def pool_ranks(x):
    """The first of the largest by a reduction over the windows' places."""
    b, h, w, c = x.shape
    tiles = x.reshape(b, h // 2, 2, w // 2, 2, c)
    top = jax.lax.stop_gradient(tiles).max((2, 4), keepdims=True)
    order = jnp.arange(4).reshape(1, 1, 2, 1, 2, 1)
    rank = jnp.where(tiles == top, order, 4)
    return jnp.where(rank == rank.min((2, 4), keepdims=True), tiles, 0).sum((2, 4))


def pooling_case():
    x = jnp.asarray(np.random.default_rng(0).normal(size=(64, 26, 26, 32)), "float32")
    return [x], {
        "hornbill: a window's places compared one by one": (pool_ours, {}),
        "reshape, max, and the least rank of the largest": (pool_ranks, {}),
        "reduce_window": (pool_reduce_window, {}),
        "maximum of four strided slices": (pool_slices, {}),
    }


# ---- attention: batch 32, 128 steps, 4 heads of 32 ---------------------------------------------


def attention_ours(query, key, value):
    return attention(query, key, value, None, None, 32**-0.5, False)


def attention_middle(query, key, value):
    scores = jnp.einsum("bthd,bshd->bhts", query, key) * 32**-0.5
    return jnp.einsum("bhts,bshd->bthd", jax.nn.softmax(scores), value)


def attention_case():
    rng = np.random.default_rng(0)
    arrays = [jnp.asarray(rng.normal(size=(32, 128, 4, 32)), "float32") for _ in range(3)]
    return arrays, {
        "hornbill: oneDNN's products, a head's scores in the cache": (attention_ours, ONEDNN),
        "hornbill elsewhere: heads in front": (attention_ours, {}),
        "heads in the middle": (attention_middle, {}),
        "jax.nn.dot_product_attention": (jax.nn.dot_product_attention, {}),
    }


# ---- dropout: batch 32, 128 steps, 512 features ------------------------------------------------


def dropout(x, draw):
    return jnp.where(draw(jnp.array([0, 1], "uint32"), 0.9, x.shape), x / 0.9, 0)


def dropout_case():
    return [jnp.ones((32, 128, 512))], {
        "hornbill: threefry's rounds written out": (lambda x: dropout(x, bernoulli), {}),
        "jax.random": (lambda x: dropout(x, jax.random.bernoulli), {}),
    }


# ---- layer normalization: batch 8, 512 steps, 768 features --------------------------------------


def statistics(x, axes):
    return x.mean(axes, keepdims=True), jax.lax.rsqrt(x.var(axes, keepdims=True) + 1e-3)


def normalize_formula(x, gamma, beta, axes=(2,)):
    mean, factor = statistics(x, axes)
    return x * (factor * gamma) + (beta - mean * factor * gamma)


def layer_normalization_case():
    x = jnp.asarray(np.random.default_rng(0).normal(size=(8, 512, 768)), "float32")
    return [x, jnp.ones(768), jnp.zeros(768)], {
        "hornbill: the derivative written out": (lambda *a: normalize(*a, (2,), 1e-3), {}),
        "JAX's derivative of the formula": (normalize_formula, {}),
    }


# ---- batch normalization and a relu: 64 images, 32x32, 16 channels -----------------------------


@jax.custom_jvp
def normalize_batch(x, gamma, beta):
    return normalize_formula(x, gamma, beta, (0, 1, 2))


@normalize_batch.defjvp
def _(primals, tangents):
    (x, gamma, _), (dx, dgamma, dbeta) = primals, tangents
    mean, factor = statistics(x, (0, 1, 2))
    z, scale = (x - mean) * factor, gamma * factor
    means = (jnp.mean(a, (0, 1, 2)) for a in (dx, z * dx))
    of_dx, of_zdx = (scale * m for m in means)
    return normalize_batch(*primals), scale * dx + z * (dgamma - of_zdx) + (dbeta - of_dx)


def batch_normalization_case():
    x = jnp.asarray(np.random.default_rng(0).normal(size=(64, 32, 32, 16)), "float32")

    def ours(x, gamma, beta):
        mean, variance = hb.ops.moments(x, (0, 1, 2))
        return jax.nn.relu(hb.ops.batch_normalization(x, mean, variance, -1, beta, gamma))

    return [x, jnp.ones(16), jnp.zeros(16)], {
        "hornbill: JAX's derivative of the formula": (ours, {}),
        "the derivative written out": (lambda *a: jax.nn.relu(normalize_batch(*a)), {}),
    }


# ---- embedding: batch 32, 128 steps, 128 features of 20,000 words -------------------------------


@jax.custom_vjp
def embed_sorted(table, words):
    return table[words]


def embed_sorted_back(saved, gradient):
    words, count = saved
    order = jnp.argsort(words.reshape(-1))
    rows = gradient.reshape(words.size, -1)[order]
    sums = jax.ops.segment_sum(rows, words.reshape(-1)[order], count, indices_are_sorted=True)
    return sums, None


embed_sorted.defvjp(lambda t, w: (t[w], (w, len(t))), embed_sorted_back)


def embedding_case():
    rng = np.random.default_rng(0)
    table = jnp.asarray(rng.normal(size=(20_000, 128)), "float32")
    words = jnp.asarray(rng.integers(0, 20_000, (32, 128)))
    return [table], {
        "hornbill: JAX's, rows added where they belong": (lambda t: hb.ops.take(t, words, 0), {}),
        "rows sorted before": (lambda t: embed_sorted(t, words), {}),
    }


# ---- cross-entropy of a softmax: batch 256, 1,000 classes ---------------------------------------


def cross_entropy_case():
    rng = np.random.default_rng(0)
    logits = jnp.asarray(rng.normal(size=(256, 1000)), "float32")
    labels = rng.integers(0, 1000, 256)

    def of_probabilities(logits):
        outputs = jnp.clip(jax.nn.softmax(logits), 1e-7, 1 - 1e-7)
        return -jnp.log(outputs[jnp.arange(256), labels])

    def of_formula(logits):
        return -jax.nn.log_softmax(logits)[jnp.arange(256), labels]

    loss = hb.losses.SparseCategoricalCrossentropy(from_logits=True, reduction=None)
    return [logits], {
        "hornbill: from the logits": (lambda x: jnp.asarray(loss(labels, x)), {}),
        "JAX's derivative of the formula": (of_formula, {}),
        "of the clipped probabilities": (of_probabilities, {}),
    }


CASES = {
    "lstm": lstm_case,
    "conv": conv_case,
    "pooling": pooling_case,
    "attention": attention_case,
    "dropout": dropout_case,
    "layer_normalization": layer_normalization_case,
    "batch_normalization": batch_normalization_case,
    "embedding": embedding_case,
    "cross_entropy": cross_entropy_case,
}


def program(function, arrays, options=None, threads=0):
    """The value and all gradients of the mean square, compiled."""

    def loss(*arrays):
        return jnp.mean(function(*arrays) ** 2)

    step = jax.value_and_grad(loss, argnums=tuple(range(len(arrays))))
    chosen = compiler.options() if options is None else options
    with onednn.tracing_a_step(threads):
        traced = jax.make_jaxpr(step)(*arrays)
    traced = with_onednn(traced, threads) if threads else traced
    return jax.jit(jaxpr_as_fun(traced)).lower(*arrays).compile(compiler_options=chosen)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("cases", nargs="*", metavar="CASE", help=", ".join(CASES))
    parser.add_argument("--repeat", type=int, default=15)
    args = parser.parse_args()
    for case in args.cases or CASES:
        arrays, formulations = CASES[case]()
        programs = {k: program(f, arrays, **how) for k, (f, how) in formulations.items()}
        results = {k: jax.block_until_ready(p(*arrays)) for k, p in programs.items()}
        first = next(iter(results.values()))
        for result in results.values():
            for mine, theirs in zip(jax.tree.leaves(result), jax.tree.leaves(first), strict=True):
                scale = float(jnp.abs(theirs).max())
                np.testing.assert_allclose(mine, theirs, rtol=1e-3, atol=1e-4 * scale)
        times = dict.fromkeys(programs, np.inf)
        for _ in range(args.repeat):
            for name, run in programs.items():
                began = time.perf_counter()
                jax.block_until_ready(run(*arrays))
                times[name] = min(times[name], (time.perf_counter() - began) * 1000)
        print(f"\n### {case}\n\n| formulation | ms | of the first |\n|---|---|---|")
        for name, ms in times.items():
            print(f"| {name} | {ms:.2f} | {ms / next(iter(times.values())):.2f} |")


if __name__ == "__main__":
    main()
