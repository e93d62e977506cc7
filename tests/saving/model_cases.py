"""Models of many shapes, each as a function of the library: `k` is Keras or Hornbill."""

import numpy as np

RNG = np.random.default_rng(0)
ROWS = RNG.normal(size=(3, 6)).astype("float32")
STEPS = RNG.normal(size=(3, 5, 4)).astype("float32")
IMAGES = RNG.normal(size=(3, 8, 8, 2)).astype("float32")
VOLUMES = RNG.normal(size=(2, 4, 4, 4, 1)).astype("float32")
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


def volumes(k):
    x = k.Input((4, 4, 4, 1))
    y = k.layers.Conv3D(2, 2, activation="tanh")(k.layers.ZeroPadding3D(1)(x))
    y = k.layers.UpSampling3D(2)(k.layers.AveragePooling3D(2)(k.layers.Cropping3D(1)(y)))
    return k.Model(x, k.layers.GlobalMaxPooling3D()(k.layers.MaxPooling3D(1)(y)))


def convolutions_1d(k):
    x = k.Input((5, 4))
    y = k.layers.SeparableConv1D(3, 2, padding="same")(k.layers.DepthwiseConv1D(2)(x))
    y = k.layers.Conv1DTranspose(2, 2, strides=2)(k.layers.UpSampling1D(2)(y))
    return k.Model(x, k.layers.GlobalAveragePooling1D()(k.layers.Cropping1D(1)(y)))


def grouped_convolution(k):
    x = k.Input((8, 8, 2))
    y = k.layers.Conv2D(4, 3, groups=2, use_bias=False, dilation_rate=2)(x)
    return k.Model(x, k.layers.SpatialDropout2D(0.1)(k.layers.Activation("relu6")(y)))


def adaptive_pooling(k):
    x = k.Input((8, 8, 2))
    y = k.layers.AdaptiveAveragePooling2D(3)(x)
    return k.Model(x, k.layers.AdaptiveMaxPooling2D((2, 1))(y))


def spatial_rnn(k):
    x = k.Input((8, 8, 2))
    y = k.layers.Reshape((2, 4, 8, 2))(x)
    y = k.layers.ConvLSTM2D(2, 2, return_sequences=True)(y)
    return k.Model(x, k.layers.TimeDistributed(k.layers.GlobalMaxPooling2D())(y))


def additive_attention(k):
    x = k.Input((5, 4))
    return k.Model(x, k.layers.AdditiveAttention()([x, k.layers.Dense(4)(x)]))


def more_merges(k):
    a = k.Input((6,))
    b = k.layers.Dense(6, use_bias=False, kernel_constraint="non_neg")(a)
    y = [k.layers.Average()([a, b]), k.layers.Minimum()([a, b, b])]
    return k.Model(a, k.layers.ActivityRegularization(0.1, 0.2)(k.layers.Concatenate(axis=-1)(y)))


def dropouts(k):
    layers = [k.layers.GaussianDropout(0.3), k.layers.SpatialDropout1D(0.2), k.layers.LSTM(2)]
    return k.Sequential([k.Input((5, 4)), *layers])


def preprocessing(k):
    x = k.Input((6,))
    y = k.layers.Normalization(mean=0.5, variance=2.0)(k.layers.Rescaling(0.5, offset=1)(x))
    bins = k.layers.Discretization(bin_boundaries=[-1.0, 0.0, 1.0], output_mode="one_hot")
    return k.Model(x, [y, bins(y), k.layers.Flatten()(k.layers.RandomContrast(0.1)(y[:, :, None]))])


def images(k):
    x = k.Input((8, 8, 2))
    y = k.layers.CenterCrop(6, 4)(k.layers.Resizing(10, 6)(x))
    return k.Model(x, k.layers.RandomFlip("horizontal")(k.layers.RandomRotation(0.1)(y)))


def categories(k):
    x = k.Input((5,), dtype="int32")
    one = k.layers.CategoryEncoding(10, output_mode="count")(x)
    return k.Model(x, k.layers.Dense(2)(one))


def float16(k):
    policy = k.dtype_policies.DTypePolicy("mixed_float16")
    return k.Sequential([k.Input((6,)), k.layers.Dense(4, dtype=policy), k.layers.Dense(2)])


# {name: (function, data)}
CASES = {
    case.__name__: (case, data)
    for data, cases in [
        (
            ROWS,
            (dense, regularized, activations, merges, reshaped, noisy, shared, nested, wrapped)
            + (nested_output, activation_functions, other_ops, mixed, half, frozen)
            + (more_merges, preprocessing, float16),
        ),
        (
            IMAGES,
            (normalizations, convolutions, pooled, grouped_convolution, adaptive_pooling)
            + (spatial_rnn, images),
        ),
        (
            STEPS,
            (sequences, lstm, states, cells, bidirectional, conv_lstm, masking_layer, attention)
            + (grouped_attention, einsum_dense, operators, ops_with_settings, convolutions_1d)
            + (additive_attention, dropouts),
        ),
        (VOLUMES, (volumes,)),
        (TOKENS, (masked, categories)),
        ({"a": ROWS, "b": STEPS}, (dictionaries,)),
        ([ROWS, TOKENS], (several_inputs,)),
        (ROWS[:, :5], (inner_tensor,)),
    ]
    for case in cases
}
