"""Models of many shapes, each as a function of the library: `k` is Keras or Hornbill."""

import numpy as np

RNG = np.random.default_rng(0)
ROWS = RNG.normal(size=(3, 6)).astype("float32")
STEPS = RNG.normal(size=(3, 5, 4)).astype("float32")
IMAGES = RNG.normal(size=(3, 8, 8, 2)).astype("float32")
TOKENS = RNG.integers(1, 9, size=(3, 5)).astype("int32")
TOKENS[:, 3:] = 0


def dense(k):
    return k.Sequential([k.Input((6,)), k.layers.Dense(5, activation="relu"), k.layers.Dense(2)])


def regularized(k):
    layer = k.layers.Dense(
        3,
        kernel_initializer=k.initializers.HeNormal(seed=1),
        kernel_regularizer=k.regularizers.L1L2(0.1, 0.2),
        bias_constraint=k.constraints.MaxNorm(2.0),
        activity_regularizer="l2",
    )
    return k.Sequential([k.Input((6,)), layer])


def activations(k):
    layers = [k.layers.ELU(), k.layers.LeakyReLU(0.2), k.layers.PReLU(), k.layers.Softmax()]
    return k.Sequential([k.Input((6,)), k.layers.Activation("gelu"), *layers, k.layers.ReLU(1.0)])


def normalizations(k):
    x = k.Input((8, 8, 2))
    y = k.layers.BatchNormalization(epsilon=0.01)(x)
    y = k.layers.GroupNormalization(2)(k.layers.LayerNormalization(axis=[1, 2])(y))
    return k.Model(x, k.layers.UnitNormalization()(k.layers.RMSNormalization()(y)))


def convolutions(k):
    x = k.Input((8, 8, 2))
    y = k.layers.Conv2D(3, 3, strides=2, padding="same", activation="relu")(x)
    y = k.layers.SeparableConv2D(4, 2)(k.layers.DepthwiseConv2D(2, depth_multiplier=2)(y))
    return k.Model(x, k.layers.Conv2DTranspose(2, 3, strides=2)(y))


def pooled(k):
    x = k.Input((8, 8, 2))
    y = k.layers.MaxPooling2D(2)(k.layers.ZeroPadding2D(((1, 1), (0, 2)))(x))
    y = k.layers.UpSampling2D(2)(k.layers.AveragePooling2D(2)(y))
    y = k.layers.Cropping2D(1)(y)
    return k.Model(x, [k.layers.GlobalAveragePooling2D()(y), k.layers.Flatten()(y)])


def sequences(k):
    x = k.Input((5, 4))
    y = k.layers.Conv1D(3, 2, padding="causal", dilation_rate=2)(x)
    return k.Model(x, k.layers.GlobalMaxPooling1D()(k.layers.MaxPooling1D(2)(y)))


def lstm(k):
    return k.Sequential([k.Input((5, 4)), k.layers.LSTM(3, return_sequences=True), k.layers.GRU(2)])


def states(k):
    x = k.Input((5, 4))
    y, h, c = k.layers.LSTM(3, return_sequences=True, return_state=True)(x)
    return k.Model(x, k.layers.LSTM(3)(y, initial_state=[h, c]))


def cells(k):
    x = k.Input((5, 4))
    y = k.layers.RNN(k.layers.GRUCell(3), return_sequences=True)(x)
    return k.Model(x, k.layers.RNN([k.layers.LSTMCell(2), k.layers.SimpleRNNCell(3)])(y))


def bidirectional(k):
    x = k.Input((5, 4))
    y = k.layers.Bidirectional(k.layers.GRU(2, return_sequences=True), merge_mode="sum")(x)
    return k.Model(x, k.layers.TimeDistributed(k.layers.Dense(2))(y))


def conv_lstm(k):
    x = k.Input((5, 4))
    return k.Model(x, k.layers.ConvLSTM1D(2, 2)(k.layers.Reshape((5, 4, 1))(x)))


def masked(k):
    x = k.Input((5,), dtype="int32")
    y = k.layers.Embedding(9, 4, mask_zero=True)(x)
    return k.Model(x, k.layers.LSTM(3)(y))


def masking_layer(k):
    return k.Sequential([k.Input((5, 4)), k.layers.Masking(0.5), k.layers.SimpleRNN(3)])


def attention(k):
    x = k.Input((5, 4))
    y = k.layers.MultiHeadAttention(2, 3)(x, x, use_causal_mask=True)
    y = k.layers.LayerNormalization()(x + y)
    return k.Model(x, k.layers.Attention()([y, x]))


def grouped_attention(k):
    x = k.Input((5, 4))
    return k.Model(x, k.layers.GroupQueryAttention(2, 4, 2)(x, value=x, key=x))


def merges(k):
    a = k.Input((6,))
    b, c = k.layers.Dense(6, name="b")(a), k.layers.Dense(6, name="c")(a)
    y = [getattr(k.layers, n)()([b, c]) for n in ("Add", "Subtract", "Multiply", "Maximum")]
    return k.Model(a, k.layers.Concatenate()([*y, k.layers.Dot(axes=1)([b, c])]))


def reshaped(k):
    x = k.Input((6,))
    y = k.layers.Permute((2, 1))(k.layers.Reshape((2, 3))(x))
    return k.Model(x, k.layers.Flatten()(k.layers.RepeatVector(2)(k.layers.Flatten()(y))))


def noisy(k):
    layers = [
        k.layers.Dropout(0.3, seed=1),
        k.layers.GaussianNoise(0.1),
        k.layers.AlphaDropout(0.2),
    ]
    return k.Sequential([k.Input((6,)), *layers, k.layers.Dense(2)])


def einsum_dense(k):
    return k.Sequential(
        [k.Input((5, 4)), k.layers.EinsumDense("abc,cd->abd", (None, 3), bias_axes="d")]
    )


def shared(k):
    x = k.Input((6,))
    layer = k.layers.Dense(6, activation="tanh", name="twice")
    return k.Model(x, [layer(x), layer(layer(x))])


def nested(k):
    # Keras cannot open its own files of models that share a model with a model inside.
    i, j = k.Input((6,)), k.Input((6,))
    inner = k.Model(i, k.layers.Dense(6)(i), name="inner")
    other = k.Model(j, k.layers.Dense(6)(j), name="other")
    middle = k.Sequential([k.Input((6,)), other, k.layers.Dense(6)], name="middle")
    x = k.Input((6,))
    return k.Model(x, inner(middle(inner(x))))


def nested_output(k):
    i = k.Input((6,))
    x = k.Input((6,))
    inner = k.Model(i, [k.layers.Dense(2)(i), k.layers.Dense(3)(i)], name="inner")
    return k.Model(x, inner(x))


def dictionaries(k):
    x = {"a": k.Input((6,), name="a"), "b": k.Input((5, 4), name="b")}
    y = k.layers.Dense(4)(x["a"]) + k.layers.GlobalAveragePooling1D()(x["b"])
    return k.Model(x, {"sum": y, "pair": [y, k.layers.Dense(2)(y)]})


def several_inputs(k):
    a, b = k.Input((6,), name="a"), k.Input((5,), dtype="int32", name="b")
    y = k.layers.Flatten()(k.layers.Embedding(9, 2)(b))
    return k.Model([a, b], k.layers.concatenate([a, y]))


def operators(k):
    x = k.Input((5, 4))
    y = (1.5 - x) ** 2 / 3 - x
    z = y[:, 1:4, ..., None]
    return k.Model(x, [z[:, 0], abs(-y) > 0.5, x @ k.ops.transpose(x, (0, 2, 1))])


def ops_with_settings(k):
    ops, x = k.ops, k.Input((5, 4))
    y = ops.reshape(ops.mean(x, axis=(1,), keepdims=True), (-1, 2, 2))
    a, b = ops.split(ops.clip(x, -0.5, 0.5), 2, axis=2)
    z = ops.stack([ops.softmax(a, axis=1), ops.pad(b, ((0, 0), (1, 1), (0, 0)))[:, 1:-1]], axis=1)
    return k.Model(x, [y, z, ops.einsum("abc,abd->acd", a, b), ops.top_k(x, 2)[0]])


def activation_functions(k):
    x = k.Input((6,))
    y = k.activations.relu(x, negative_slope=0.1, max_value=2.0)
    return k.Model(x, k.ops.log_softmax(k.activations.silu(y) + k.ops.gelu(x)))


def other_ops(k):
    ops, x = k.ops, k.Input((6,))
    y = ops.where(x > 0, ops.exp(x), ops.tanh(x))
    one = ops.one_hot(ops.argmax(x, axis=-1), 6)
    norm = ops.logsumexp(x, axis=-1, keepdims=True)
    return k.Model(x, [ops.maximum(y, one), ops.expand_dims(y, 1), norm, ops.cumsum(x, axis=1)])


def wrapped(k):
    layer = k.layers.SpectralNormalization(k.layers.Dense(3))
    return k.Sequential([k.Input((6,)), layer])


def mixed(k):
    return k.Sequential(
        [k.Input((6,)), k.layers.Dense(4, dtype="mixed_bfloat16"), k.layers.Dense(2)]
    )


def half(k):
    return k.Sequential([k.Input((6,)), k.layers.Dense(4, dtype="bfloat16")])


def inner_tensor(k):
    x = k.Input((6,))
    middle = k.layers.Dense(5, name="first")(x)
    return k.Model(middle, k.layers.Dense(2, name="second")(middle))


def frozen(k):
    model = dense(k)
    model.layers[0].trainable = False
    return model


# {name: (function, data)}
CASES = {
    case.__name__: (case, data)
    for data, cases in [
        (
            ROWS,
            (dense, regularized, activations, merges, reshaped, noisy, shared, nested, wrapped)
            + (nested_output, activation_functions, other_ops, mixed, half, frozen),
        ),
        (IMAGES, (normalizations, convolutions, pooled)),
        (
            STEPS,
            (sequences, lstm, states, cells, bidirectional, conv_lstm, masking_layer, attention)
            + (grouped_attention, einsum_dense, operators, ops_with_settings),
        ),
        (TOKENS, (masked,)),
        ({"a": ROWS, "b": STEPS}, (dictionaries,)),
        ([ROWS, TOKENS], (several_inputs,)),
        (ROWS[:, :5], (inner_tensor,)),
    ]
    for case in cases
}
