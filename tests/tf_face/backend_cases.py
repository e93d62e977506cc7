"""Calls of `tf.keras.backend`, and what tf_keras 2.21 (Keras 2) gives for them.

`python tests/tf_face/backend_cases.py` writes the latter to tests/data/tf_keras_backend.npz; it
needs tensorflow and tf_keras.
"""

from pathlib import Path

import numpy as np

GIVEN = Path(__file__).parent.parent / "data" / "tf_keras_backend.npz"


def arr(*shape, k=0.0):
    return np.sin(np.arange(np.prod(shape)) * 1.7 + k).reshape(shape).astype("float32")


A, IMAGES, S, V = arr(2, 3), arr(2, 5, 6, 3), arr(2, 7, 3), arr(1, 4, 5, 6, 2)
P = np.exp(2 * arr(2, 6, 4))
P /= P.sum(-1, keepdims=True)
ONE_HOT = np.eye(4, dtype="float32")[:2]
MASK = np.array([[0, 1, 1, 0, 1, 0, 0], [1, 1, 0, 1, 1, 1, 0]], bool)
W = arr(3, 4)


def cases(tf, K) -> dict:
    """The calls, by a name that begins with the function's."""
    T = tf.constant

    def step(x, states):
        h = K.tanh(K.dot(x, T(W)) + states[0] * 0.5)
        return h * 2.0, [h]

    def with_constant(x, states):
        h = K.tanh(K.dot(x, T(W)) + states[0] * states[1])
        return h, [h]

    def adding(x, states):
        h = states[0] + x
        return K.concatenate([h, h]), [h]

    return {
        "dot3": lambda: K.dot(T(arr(2, 3, 4)), T(arr(4, 5))),
        "dot33": lambda: K.dot(T(arr(2, 3)), T(arr(4, 3, 5))),
        "dot22": lambda: K.dot(T(A), T(arr(3, 4))),
        "batch_dot 12": lambda: K.batch_dot(T(arr(2, 4, 1)), T(arr(2, 5, 4)), axes=(1, 2)),
        "batch_dot none": lambda: K.batch_dot(T(arr(2, 4, 3)), T(arr(2, 3, 5))),
        "batch_dot 22": lambda: K.batch_dot(T(A), T(arr(2, 3, k=1))),
        "batch_dot 23": lambda: K.batch_dot(T(A), T(arr(2, 5, 3)), axes=(1, 2)),
        "batch_dot 44": lambda: K.batch_dot(T(arr(2, 3, 4, 5)), T(arr(2, 6, 4, 3)), axes=[2, -2]),
        "conv1d": lambda: K.conv1d(T(S), T(arr(3, 3, 2)), strides=2),
        "conv1d causal": lambda: K.conv1d(T(S), T(arr(2, 3, 2)), padding="causal", dilation_rate=2),
        "conv2d": lambda: K.conv2d(T(IMAGES), T(arr(3, 2, 3, 4)), (2, 1), "same"),
        "conv2d dil": lambda: K.conv2d(
            x=T(IMAGES), kernel=T(arr(2, 2, 3, 4)), dilation_rate=(2, 2)
        ),
        "conv3d": lambda: K.conv3d(T(V), T(arr(2, 2, 2, 2, 3))),
        "conv2d_transpose": lambda: K.conv2d_transpose(
            T(IMAGES), T(arr(3, 3, 2, 3)), (2, 11, 13, 2), (2, 2)
        ),
        "conv2d_transpose+1": lambda: K.conv2d_transpose(
            T(IMAGES), T(arr(3, 3, 2, 3)), (2, 12, 14, 2), (2, 2)
        ),
        "conv2d_transpose same-1": lambda: K.conv2d_transpose(
            T(IMAGES), T(arr(3, 3, 2, 3)), (2, 9, 11, 2), (2, 2), "same"
        ),
        "conv2d_transpose even same": lambda: K.conv2d_transpose(
            T(IMAGES), T(arr(2, 4, 2, 3)), (2, 10, 12, 2), (2, 2), "same"
        ),
        "depthwise": lambda: K.depthwise_conv2d(T(IMAGES), T(arr(3, 3, 3, 2)), padding="same"),
        "separable": lambda: K.separable_conv2d(
            T(IMAGES), T(arr(3, 3, 3, 2)), T(arr(1, 1, 6, 4)), strides=(1, 1)
        ),
        "pool2d avg same": lambda: K.pool2d(T(IMAGES), (2, 2), (2, 2), "same", pool_mode="avg"),
        "pool3d": lambda: K.pool3d(T(V), (2, 2, 2), (2, 2, 2)),
        "local_conv2d": lambda: K.local_conv2d(T(IMAGES), T(arr(8, 18, 2)), (3, 2), (2, 1), (2, 4)),
        "local_conv1d cf": lambda: K.local_conv1d(
            T(S.transpose(0, 2, 1).copy()),
            T(arr(3, 9, 2)),
            (3,),
            (2,),
            data_format="channels_first",
        ),
        "temporal_padding": lambda: K.temporal_padding(T(S), (1, 2)),
        "spatial_2d_padding cf": lambda: K.spatial_2d_padding(
            T(IMAGES), ((1, 0), (2, 1)), "channels_first"
        ),
        "spatial_3d_padding": lambda: K.spatial_3d_padding(T(V)),
        "resize_images": lambda: K.resize_images(T(IMAGES), 2, 3, "channels_last"),
        "resize_images cf": lambda: K.resize_images(T(IMAGES), 2, 3, "channels_first", "bilinear"),
        "resize_volumes": lambda: K.resize_volumes(T(V), 2, 1, 3, "channels_last"),
        "bias_add cf": lambda: K.bias_add(T(V), T(arr(4)), "channels_first"),
        "bias_add full": lambda: K.bias_add(T(IMAGES), T(arr(5, 6, 3))),
        "bias_add full cf": lambda: K.bias_add(T(IMAGES), T(arr(6, 3, 5)), "channels_first"),
        "batch_normalization": lambda: K.batch_normalization(
            T(A), T(arr(3)), T(arr(3) ** 2), T(arr(3, k=2)), T(arr(3, k=3))
        ),
        "normalize": lambda: K.normalize_batch_in_training(
            T(IMAGES), T(arr(3)), T(arr(3, k=1)), [0, 1, 2]
        ),
        "foldr": lambda: K.foldr(lambda a, x: a * 2 + x, T(arr(5))),
        "foldl i": lambda: K.foldl(lambda a, x: a * 2 + x, T(arr(5, 2)), T(arr(2))),
        "map_fn": lambda: K.map_fn(lambda x: K.sum(x) * x, T(A)),
        "rnn mask": lambda: K.rnn(step, T(S), [T(arr(2, 4))], mask=T(MASK)),
        "rnn mask zero": lambda: K.rnn(
            step, T(S), [T(arr(2, 4))], mask=T(MASK), zero_output_for_mask=True
        ),
        "rnn mask back unroll": lambda: K.rnn(
            step, T(S), [T(arr(2, 4))], mask=T(MASK), unroll=True, go_backwards=True
        ),
        "rnn const": lambda: K.rnn(with_constant, T(S), [T(arr(2, 4))], constants=[T(0.3)]),
        "rnn time major": lambda: K.rnn(
            adding, T(arr(7, 2, 3)), [T(arr(2, 3))], time_major=True, return_all_outputs=False
        ),
        "rnn length": lambda: K.rnn(
            step, T(S), [T(arr(2, 4))], input_length=T(np.array([3, 7], "int32"))
        ),
        "switch": lambda: K.switch(T(True), T(A), lambda: T(-A)),
        "switch n": lambda: K.switch(T(np.array([[True], [False]])), T(A), lambda: T(-A)),
        "switch 2in3": lambda: K.switch(T(arr(2, 7) > 0), T(S), T(-S)),
        "switch 1in2sq": lambda: K.switch(T(np.array([True, False])), T(arr(2, 2)), T(-arr(2, 2))),
        "in_train_phase": lambda: K.in_train_phase(T(A), lambda: T(-A)),
        "in_train_phaseT": lambda: K.in_train_phase(lambda: T(A), T(-A), training=T(True)),
        "in_test_phase": lambda: K.in_test_phase(T(A), T(-A), training=1),
        "ctc_decode": lambda: K.ctc_decode(T(P), T(np.array([6, 4]))),
        "relu": lambda: K.relu(T(3 * A), alpha=0.1, max_value=2.0),
        "relu at": lambda: K.relu(T(3 * A), 0.2, threshold=0.5),
        "hard_sigmoid": lambda: K.hard_sigmoid(T(3 * A)),
        "argmax": lambda: K.argmax(T(A)),
        "argmin": lambda: K.argmin(T(A), axis=0),
        "cumsum": lambda: K.cumsum(T(A)),
        "gather": lambda: K.gather(T(A), T([1, 0, 1])),
        "one_hot": lambda: K.one_hot(T([1, 0]), 3),
        "in_top_k": lambda: K.in_top_k(T(A), T([1, 0]), 2),
        "cfc": lambda: K.categorical_focal_crossentropy(T(ONE_HOT), T(P[0, :2])),
        "bfc": lambda: K.binary_focal_crossentropy(T(ONE_HOT), T(P[0, :2]), True),
        "bfcl": lambda: K.binary_focal_crossentropy(
            T(ONE_HOT), T(P[0, :2]), from_logits=True, gamma=1.5
        ),
        "cce": lambda: K.categorical_crossentropy(T(ONE_HOT), T(P[0, :2] * 1.3)),
        "scce": lambda: K.sparse_categorical_crossentropy(T([1, 2]), T(P[0, :2]), ignore_class=2),
        "moving": lambda: K.moving_average_update(K.variable([1.0, 2.0]), T([3.0, 4.0]), 0.9),
        "constant": lambda: K.constant([1, 2]),
        "variable": lambda: K.variable([1, 2]),
        "reverse": lambda: K.reverse(T(A), 1),
        "oneslike": lambda: K.ones_like(T(A), dtype="int32"),
    }


def leaves(result) -> list[np.ndarray]:
    """The arrays of a result, one after the other."""
    if isinstance(result, (list, tuple)):
        return [x for part in result for x in leaves(part)]
    return [np.asarray(result.numpy() if hasattr(result, "numpy") else result)]


if __name__ == "__main__":
    import tensorflow
    import tf_keras

    found = {}
    for name, call in cases(tensorflow, tf_keras.backend).items():
        for i, array in enumerate(leaves(call())):
            found[f"{name}/{i}"] = array
    np.savez_compressed(GIVEN, **found)
