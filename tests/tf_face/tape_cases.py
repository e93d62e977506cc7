"""Functions of a matrix, in tf's names and as formulas in JAX."""

import jax
import jax.numpy as jnp
import numpy as np

import hornbill.tensorflow as tf

X = np.array([[0.3, -1.2, 0.7], [1.1, 0.4, -0.6]], "float32")
W = np.array([[0.2, -0.5], [0.9, 0.1], [-0.3, 0.8]], "float32")
LABELS = np.array([1, 0])

CASES = {
    "square": (lambda x: tf.reduce_sum(tf.square(x)), lambda x: jnp.sum(x**2)),
    "operators": (
        lambda x: tf.reduce_sum(3 - x * x / 2 + x**3),
        lambda x: jnp.sum(3 - x * x / 2 + x**3),
    ),
    "matmul": (lambda x: tf.reduce_mean(tf.matmul(x, W)), lambda x: jnp.mean(x @ W)),
    "transpose_b": (
        lambda x: tf.reduce_sum(tf.matmul(x, x, transpose_b=True)),
        lambda x: jnp.sum(x @ x.T),
    ),
    "exp_log": (
        lambda x: tf.reduce_sum(tf.math.log(1 + tf.exp(x))),
        lambda x: jnp.sum(jnp.log(1 + jnp.exp(x))),
    ),
    "tanh": (lambda x: tf.reduce_sum(tf.tanh(x)), lambda x: jnp.sum(jnp.tanh(x))),
    "relu": (lambda x: tf.reduce_sum(tf.nn.relu(x) * x), lambda x: jnp.sum(jnp.maximum(x, 0) * x)),
    "leaky": (
        lambda x: tf.reduce_sum(tf.nn.leaky_relu(x)),
        lambda x: jnp.sum(jnp.where(x > 0, x, 0.2 * x)),
    ),
    "softmax": (lambda x: tf.nn.softmax(x)[0, 1], lambda x: jax.nn.softmax(x)[0, 1]),
    "logsumexp": (lambda x: tf.reduce_logsumexp(x), lambda x: jax.nn.logsumexp(x)),
    "max": (lambda x: tf.reduce_max(x), lambda x: jnp.max(x)),
    "slice": (lambda x: tf.reduce_sum(x[:, 1:] ** 2), lambda x: jnp.sum(x[:, 1:] ** 2)),
    "gather": (
        lambda x: tf.reduce_sum(tf.gather(x, [0, 0, 1]) ** 2),
        lambda x: 2 * jnp.sum(x[0] ** 2) + jnp.sum(x[1] ** 2),
    ),
    "concat": (lambda x: tf.reduce_sum(tf.concat([x, 2 * x], 0) ** 2), lambda x: 5 * jnp.sum(x**2)),
    "stack": (lambda x: tf.reduce_sum(tf.stack([x, x * x])), lambda x: jnp.sum(x + x * x)),
    "where": (
        lambda x: tf.reduce_sum(tf.where(x > 0, x * x, -x)),
        lambda x: jnp.sum(jnp.where(x > 0, x * x, -x)),
    ),
    "clip": (
        lambda x: tf.reduce_sum(tf.clip_by_value(x, -1.0, 1.0) * x),
        lambda x: jnp.sum(jnp.clip(x, -1, 1) * x),
    ),
    "l2_normalize": (
        lambda x: tf.math.l2_normalize(x, axis=1)[0, 0],
        lambda x: (x / jnp.linalg.norm(x, axis=1, keepdims=True))[0, 0],
    ),
    "sparse_cross_entropy": (
        lambda x: tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(LABELS, x)),
        lambda x: -jnp.mean(jax.nn.log_softmax(x)[jnp.arange(2), LABELS]),
    ),
    "sigmoid_cross_entropy": (
        lambda x: tf.reduce_sum(tf.nn.sigmoid_cross_entropy_with_logits(tf.ones_like(x), x)),
        lambda x: -jnp.sum(jax.nn.log_sigmoid(x)),
    ),
    "stop_gradient": (
        lambda x: tf.reduce_sum(x * tf.stop_gradient(x)),
        lambda x: jnp.sum(x * jax.lax.stop_gradient(x)),
    ),
    "keras_loss": (
        lambda x: tf.keras.losses.MeanSquaredError()(np.zeros_like(X), x),
        lambda x: jnp.mean(x**2),
    ),
    "while_loop": (
        lambda x: tf.reduce_sum(
            tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y * x), (0, x))[1]
        ),
        lambda x: jnp.sum(x**4),
    ),
    # Reductions and elementwise functions.
    "reduce_prod": (lambda x: tf.reduce_prod(x), lambda x: jnp.prod(x)),
    "reduce_min": (
        lambda x: tf.reduce_sum(tf.reduce_min(x, 1) ** 2),
        lambda x: jnp.sum(x.min(1) ** 2),
    ),
    "reduce_variance": (lambda x: tf.math.reduce_variance(x), lambda x: jnp.var(x)),
    "reduce_std": (
        lambda x: tf.reduce_sum(tf.math.reduce_std(x, axis=1)),
        lambda x: jnp.sum(jnp.std(x, 1)),
    ),
    "euclidean_norm": (
        lambda x: tf.math.reduce_euclidean_norm(x),
        lambda x: jnp.sqrt(jnp.sum(x * x)),
    ),
    "sqrt": (lambda x: tf.reduce_sum(tf.sqrt(x + 3)), lambda x: jnp.sum((x + 3) ** 0.5)),
    "rsqrt": (lambda x: tf.reduce_sum(tf.math.rsqrt(x + 3)), lambda x: jnp.sum((x + 3) ** -0.5)),
    "pow": (lambda x: tf.reduce_sum(tf.pow(x + 3, 2.5)), lambda x: jnp.sum((x + 3) ** 2.5)),
    "abs": (lambda x: tf.reduce_sum(tf.abs(x) * x), lambda x: jnp.sum(jnp.sign(x) * x * x)),
    "sin_cos": (
        lambda x: tf.reduce_sum(tf.sin(x) * tf.cos(x)),
        lambda x: jnp.sum(jnp.sin(2 * x) / 2),
    ),
    "erf": (lambda x: tf.reduce_sum(tf.math.erf(x)), lambda x: jnp.sum(jax.lax.erf(x))),
    "lgamma": (
        lambda x: tf.reduce_sum(tf.math.lgamma(x + 3)),
        lambda x: jnp.sum(jax.scipy.special.gammaln(x + 3)),
    ),
    "digamma": (
        lambda x: tf.reduce_sum(tf.math.digamma(x + 3)),
        lambda x: jnp.sum(jax.grad(lambda z: jnp.sum(jax.scipy.special.gammaln(z + 3)))(x)),
    ),
    "maximum": (
        lambda x: tf.reduce_sum(tf.maximum(x, 0.5) * x),
        lambda x: jnp.sum(jnp.where(x > 0.5, x * x, 0.5 * x)),
    ),
    "minimum": (
        lambda x: tf.reduce_sum(tf.minimum(x, 0.5) * x),
        lambda x: jnp.sum(jnp.where(x < 0.5, x * x, 0.5 * x)),
    ),
    "squared_difference": (
        lambda x: tf.reduce_sum(tf.math.squared_difference(x, 2.0)),
        lambda x: jnp.sum((x - 2) ** 2),
    ),
    "divide_no_nan": (
        lambda x: tf.reduce_sum(tf.math.divide_no_nan(x, tf.constant([1.0, 0.0, 2.0]))),
        lambda x: jnp.sum(x[:, 0] + x[:, 2] / 2),
    ),
    "cumsum": (
        lambda x: tf.reduce_sum(tf.cumsum(x, axis=1) ** 2),
        lambda x: jnp.sum(x[:, 0] ** 2 + (x[:, 0] + x[:, 1]) ** 2 + x.sum(1) ** 2),
    ),
    "cumprod": (
        lambda x: tf.reduce_sum(tf.math.cumprod(x, axis=1)),
        lambda x: jnp.sum(x[:, 0] + x[:, 0] * x[:, 1] + x.prod(1)),
    ),
    "add_n": (lambda x: tf.reduce_sum(tf.add_n([x, x * x, x])), lambda x: jnp.sum(2 * x + x * x)),
    "segment_sum": (
        lambda x: tf.reduce_sum(tf.math.segment_sum(x, [0, 0]) ** 2),
        lambda x: jnp.sum(x.sum(0) ** 2),
    ),
    "top_k": (
        lambda x: tf.reduce_sum(tf.math.top_k(x, k=2)[0] ** 2),
        lambda x: jnp.sum(jnp.sort(x, 1)[:, 1:] ** 2),
    ),
    # tf.nn
    "elu": (
        lambda x: tf.reduce_sum(tf.nn.elu(x)),
        lambda x: jnp.sum(jnp.where(x > 0, x, jnp.exp(x) - 1)),
    ),
    "gelu": (
        lambda x: tf.reduce_sum(tf.nn.gelu(x)),
        lambda x: jnp.sum(x * 0.5 * (1 + jax.lax.erf(x / jnp.sqrt(2.0)))),
    ),
    "silu": (lambda x: tf.reduce_sum(tf.nn.silu(x)), lambda x: jnp.sum(x / (1 + jnp.exp(-x)))),
    "softplus": (
        lambda x: tf.reduce_sum(tf.nn.softplus(x)),
        lambda x: jnp.sum(jnp.log1p(jnp.exp(x))),
    ),
    "softsign": (
        lambda x: tf.reduce_sum(tf.nn.softsign(x)),
        lambda x: jnp.sum(x / (1 + jnp.abs(x))),
    ),
    "log_softmax": (
        lambda x: tf.nn.log_softmax(x)[1, 2],
        lambda x: x[1, 2] - jnp.log(jnp.sum(jnp.exp(x[1]))),
    ),
    "softmax_cross_entropy": (
        lambda x: tf.reduce_sum(tf.nn.softmax_cross_entropy_with_logits(tf.one_hot(LABELS, 3), x)),
        lambda x: -jnp.sum(jax.nn.log_softmax(x)[jnp.arange(2), LABELS]),
    ),
    "l2_loss": (lambda x: tf.nn.l2_loss(x), lambda x: jnp.sum(x * x) / 2),
    "moments": (
        lambda x: tf.reduce_sum(tf.nn.moments(x, axes=[0])[1]),
        lambda x: jnp.sum(jnp.var(x, 0)),
    ),
    "bias_add": (
        lambda x: tf.reduce_sum(tf.nn.bias_add(x, tf.constant([1.0, 2.0, 3.0])) ** 2),
        lambda x: jnp.sum((x + jnp.arange(1.0, 4)) ** 2),
    ),
    "batch_normalization": (
        lambda x: tf.reduce_sum(
            tf.nn.batch_normalization(x, *tf.nn.moments(x, [0]), 1.0, 2.0, 1e-3) ** 3
        ),
        lambda x: jnp.sum(((x - x.mean(0)) / jnp.sqrt(x.var(0) + 1e-3) * 2 + 1) ** 3),
    ),
    "embedding_lookup": (
        lambda x: tf.reduce_sum(tf.nn.embedding_lookup(x, [1, 1, 0]) ** 2),
        lambda x: 2 * jnp.sum(x[1] ** 2) + jnp.sum(x[0] ** 2),
    ),
    "conv1d": (
        lambda x: tf.reduce_sum(
            tf.nn.conv1d(x[:, :, None], tf.constant(W[:2, :1, None]), 1, "VALID") ** 2
        ),
        lambda x: jnp.sum((x[:, :2] * W[0, 0] + x[:, 1:] * W[1, 0]) ** 2),
    ),
    "conv2d": (
        lambda x: tf.reduce_sum(
            tf.nn.conv2d(x[None, :, :, None], tf.constant(W[:2, :, None, None]), 1, "VALID") ** 2
        ),
        lambda x: jnp.sum(sum(x[i, j : j + 2] * W[i, j] for i in range(2) for j in range(2)) ** 2),
    ),
    "max_pool2d": (
        lambda x: tf.reduce_sum(tf.nn.max_pool2d(x[None, :, :, None], 2, 1, "VALID") ** 2),
        lambda x: x[:, :2].max() ** 2 + x[:, 1:].max() ** 2,
    ),
    "avg_pool2d": (
        lambda x: tf.reduce_sum(tf.nn.avg_pool2d(x[None, :, :, None], 2, 1, "VALID") ** 2),
        lambda x: x[:, :2].mean() ** 2 + x[:, 1:].mean() ** 2,
    ),
    "dropout_by_zero": (lambda x: tf.reduce_sum(tf.nn.dropout(x, 0.0)), lambda x: jnp.sum(x)),
    # Shapes and places.
    "reshape": (
        lambda x: tf.reduce_sum(tf.reshape(x, (3, 2))[0] ** 2),
        lambda x: x[0, 0] ** 2 + x[0, 1] ** 2,
    ),
    "transpose": (
        lambda x: tf.reduce_sum(tf.transpose(x)[1] ** 3),
        lambda x: jnp.sum(x[:, 1] ** 3),
    ),
    "tile": (lambda x: tf.reduce_sum(tf.tile(x, [2, 1]) ** 2), lambda x: 2 * jnp.sum(x * x)),
    "repeat": (
        lambda x: tf.reduce_sum(tf.repeat(x, 3, axis=1) ** 2),
        lambda x: 3 * jnp.sum(x * x),
    ),
    "pad": (
        lambda x: tf.reduce_sum(tf.pad(x, [[1, 0], [0, 1]], constant_values=2.0) ** 2),
        lambda x: jnp.sum(x * x),
    ),
    "split": (
        lambda x: tf.reduce_sum(tf.split(x, 2, axis=0)[1] ** 2),
        lambda x: jnp.sum(x[1] ** 2),
    ),
    "unstack": (lambda x: tf.reduce_sum(tf.unstack(x)[0] ** 2), lambda x: jnp.sum(x[0] ** 2)),
    "squeeze": (
        lambda x: tf.reduce_sum(tf.squeeze(x[None, :1]) ** 2),
        lambda x: jnp.sum(x[0] ** 2),
    ),
    "gather_nd": (
        lambda x: tf.reduce_sum(tf.gather_nd(x, [[0, 1], [1, 2]]) ** 2),
        lambda x: x[0, 1] ** 2 + x[1, 2] ** 2,
    ),
    "boolean_mask": (
        lambda x: tf.reduce_sum(tf.boolean_mask(x, X > 0) ** 2),
        lambda x: jnp.sum(jnp.where(X > 0, x * x, 0)),
    ),
    "scatter": (
        lambda x: tf.reduce_sum(tf.tensor_scatter_nd_update(x, [[0, 0]], [5.0]) ** 2),
        lambda x: jnp.sum(x.at[0, 0].set(0) ** 2),
    ),
    "roll_and_reverse": (
        lambda x: tf.reduce_sum(tf.roll(x, 1, axis=1) * tf.reverse(x, [1])),
        lambda x: jnp.sum(x[:, [2, 0, 1]] * x[:, ::-1]),
    ),
    "sort": (
        lambda x: tf.reduce_sum(tf.sort(x, axis=1) * tf.constant([1.0, 2.0, 3.0])),
        lambda x: jnp.sum(jnp.take_along_axis(x, np.argsort(X, 1), 1) * jnp.arange(1.0, 4)),
    ),
    "cast": (
        lambda x: tf.reduce_sum(tf.cast(tf.cast(x, "float16") * 2, "float32")),
        lambda x: 2 * jnp.sum(x),
    ),
    # tf.linalg
    "einsum": (
        lambda x: tf.reduce_sum(tf.einsum("ij,kj->ik", x, x) ** 2),
        lambda x: jnp.sum((x @ x.T) ** 2),
    ),
    "inv": (lambda x: tf.reduce_sum(tf.linalg.inv(x[:, :2])), lambda x: _inverse_sum(x)),
    "det": (
        lambda x: tf.linalg.det(x[:, :2]),
        lambda x: x[0, 0] * x[1, 1] - x[0, 1] * x[1, 0],
    ),
    "solve": (
        lambda x: tf.reduce_sum(tf.linalg.solve(x[:, :2], tf.ones((2, 1)))),
        lambda x: _inverse_sum(x),
    ),
    "cholesky": (
        lambda x: tf.linalg.cholesky(tf.matmul(x, x, transpose_b=True))[0, 0],
        lambda x: jnp.sqrt(jnp.sum(x[0] ** 2)),
    ),
    "norm": (lambda x: tf.norm(x), lambda x: jnp.sqrt(jnp.sum(x * x))),
    "trace": (lambda x: tf.linalg.trace(x[:, :2]), lambda x: x[0, 0] + x[1, 1]),
    "band_part": (
        lambda x: tf.reduce_sum(tf.linalg.band_part(x, 0, -1) ** 2),
        lambda x: jnp.sum(jnp.triu(x) ** 2),
    ),
    "clip_by_norm": (
        lambda x: tf.clip_by_norm(x, 1.0)[0, 0],
        lambda x: x[0, 0] / jnp.sqrt(jnp.sum(x * x)),
    ),
    # Layers and losses of tf.keras.
    "layer_normalization": (
        lambda x: tf.keras.layers.LayerNormalization()(x)[0, 0],
        lambda x: ((x - x.mean(1, keepdims=True)) / jnp.sqrt(x.var(1, keepdims=True) + 1e-3))[0, 0],
    ),
    "dense": (
        lambda x: tf.reduce_sum(
            tf.keras.layers.Dense(2, activation="tanh", kernel_initializer="ones")(x)
        ),
        lambda x: 2 * jnp.sum(jnp.tanh(x.sum(1))),
    ),
    "huber": (
        lambda x: tf.keras.losses.Huber()(np.zeros_like(X), x),
        lambda x: jnp.mean(jnp.where(jnp.abs(x) < 1, x * x / 2, jnp.abs(x) - 0.5)),
    ),
    "map_fn": (
        lambda x: tf.reduce_sum(tf.map_fn(lambda row: row * row[0], x)),
        lambda x: jnp.sum(x * x[:, :1]),
    ),
}


def _inverse_sum(x):
    (a, b), (c, d) = x[:, :2]
    return (a - b - c + d) / (a * d - b * c)
