"""Further names of `tf`, `tf.nn` and `tf.math` against NumPy and what TensorFlow 2.21 gives."""

import numpy as np
import pytest

import hornbill.tensorflow as tf

X = np.arange(16, dtype="float32").reshape(1, 2, 2, 4)
DEEP = [0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15]
LOGITS = np.sin(np.arange(30)).reshape(5, 2, 3).astype("float32")
KERNEL = np.cos(np.arange(48)).reshape(2, 2, 3, 4).astype("float32")
SQUARE = np.arange(16, dtype="float32").reshape(1, 4, 4, 1)
ROW = np.array([3.0, -4.0], "float32")

VALUES = {
    "sequence_mask": (lambda: tf.sequence_mask([1, 3]), [[1, 0, 0], [1, 1, 1]]),
    "sequence_mask wide": (lambda: tf.sequence_mask([1], 2, tf.float32), [[1, 0]]),
    "scatter_nd": (lambda: tf.scatter_nd([[1], [1]], [2.0, 3.0], (3,)), [0, 5, 0]),
    "scatter sub": (lambda: tf.tensor_scatter_nd_sub(ROW, [[0]], [1.0]), [2, -4]),
    "scatter max": (lambda: tf.tensor_scatter_nd_max(ROW, [[1]], [1.0]), [3, 1]),
    "scatter min": (lambda: tf.tensor_scatter_nd_min(ROW, [[0]], [1.0]), [1, -4]),
    "top_k": (lambda: tf.math.top_k([[1.0, 5.0, 3.0]], k=2).indices, [[1, 2]]),
    "top_k of nn": (lambda: tf.nn.top_k(ROW, index_type=tf.int64).values, [3]),
    "segment_mean": (lambda: tf.math.segment_mean([[1.0], [3.0], [5.0]], [0, 0, 1]), [[2], [5]]),
    "unsorted_segment_mean": (
        lambda: tf.math.unsorted_segment_mean([1.0, 3.0, 5.0], [2, 2, 0], num_segments=3),
        [5, 0, 2],
    ),
    "saturate_cast": (lambda: tf.saturate_cast([-1.0, 300.0], tf.uint8), [0, 255]),
    "ensure_shape": (lambda: tf.ensure_shape(tf.constant(ROW), (None,)), ROW),
    "depth_to_space": (lambda: tf.reshape(tf.nn.depth_to_space(X, 2), -1), DEEP),
    "space_to_depth": (lambda: tf.nn.space_to_depth(tf.nn.depth_to_space(X, 2), 2), X),
    "conv2d_transpose": (
        lambda: tf.nn.conv2d_transpose(X, KERNEL, (1, 4, 4, 3), 2)[0, 1, 2],
        [8.489274, -0.2620057, -8.146757],
    ),
    "conv1d": (
        lambda: tf.nn.conv1d(np.ones((1, 4, 2)), np.ones((3, 2, 1)), 1, "VALID")[0, :, 0],
        [6, 6],
    ),
    "ctc_loss": (
        lambda: tf.nn.ctc_loss([[1, 2], [2, 0]], LOGITS, [2, 1], [5, 4], blank_index=0),
        [1.6705241, 1.8393929],
    ),
    "ctc_loss, blank last": (
        lambda: tf.nn.ctc_loss([[1, 0], [0, 0]], LOGITS, [2, 1], [5, 4], blank_index=-1),
        [2.1074986, 1.4247382],
    ),
    "extract_patches": (
        lambda: tf.image.extract_patches(SQUARE, [1, 2, 2, 1], [1, 2, 2, 1], [1] * 4, "VALID")[0],
        [[[0, 1, 4, 5], [2, 3, 6, 7]], [[8, 9, 12, 13], [10, 11, 14, 15]]],
    ),
    "mod": (lambda: tf.math.mod([-1, 5], 3), [2, 2]),
    "euclidean": (lambda: tf.math.reduce_euclidean_norm(ROW), 5),
    "zero_fraction": (lambda: tf.math.zero_fraction([0, 1]), 0.5),
    "scalar_mul": (lambda: tf.math.scalar_mul(2.0, ROW), 2 * ROW),
    "segment_max": (lambda: tf.math.unsorted_segment_max([1, 5, 2], [0, 1, 1], 2), [1, 5]),
    "segment_min": (lambda: tf.math.unsorted_segment_min([1, 5, 2], [0, 1, 1], 2), [1, 2]),
    "segment_prod": (lambda: tf.math.unsorted_segment_prod([1, 5, 2], [0, 1, 1], 2), [1, 10]),
    "case": (lambda: tf.case([(tf.constant(False), lambda: 1), (tf.constant(True), lambda: 2)]), 2),
    "case default": (lambda: tf.case([(False, lambda: 1)], default=lambda: 7), 7),
    "switch_case": (lambda: tf.switch_case(tf.constant(1), [lambda: 1.0, lambda: 2.0]), 2),
    "switch_case outside": (lambda: tf.switch_case(9, {0: lambda: 1, 2: lambda: 3}), 3),
    "scan": (lambda: tf.scan(lambda s, x: s + x, np.arange(4.0)), [0, 1, 3, 6]),
    "scan from": (lambda: tf.scan(lambda s, x: s * x, [1.0, 2.0, 3.0], 2.0), [2, 4, 12]),
    "scan back": (lambda: tf.scan(lambda s, x: s + x, [1.0, 2.0, 3.0], reverse=True), [6, 5, 3]),
    "stateless": (
        lambda: tf.random.stateless_normal((2,), [1, 2]),
        tf.random.stateless_normal((2,), (1, 2)),
    ),
    "stateless range": (
        lambda: tf.random.stateless_uniform((50,), [1, 2], 3, 5, dtype=tf.int32) // 3,
        np.ones(50),
    ),
}


@pytest.mark.parametrize("name", VALUES)
def test_value(name):
    make, expected = VALUES[name]
    np.testing.assert_allclose(np.asarray(make()), expected, rtol=1e-5, atol=1e-5)


def test_compiled_switches():
    @tf.function
    def pick(i):
        return tf.switch_case(i, [lambda: i * 10, lambda: i * 100], default=lambda: -i)

    assert [int(pick(tf.constant(i))) for i in (0, 1, 5)] == [0, 100, -5]


def test_structures():
    nest = tf.nest.map_structure(lambda x: x + 1, {"a": 1, "b": (2, 3)})
    assert nest == {"a": 2, "b": (3, 4)}
    assert tf.nest.flatten(nest) == [2, 3, 4]
    assert tf.nest.pack_sequence_as(nest, [0, 0, 0]) == {"a": 0, "b": (0, 0)}
    zeros, ones = tf.dynamic_partition([1, 2, 3], [0, 1, 0], 2)
    assert (zeros.numpy().tolist(), ones.numpy().tolist()) == ([1, 3], [2])
    assert tf.data.experimental.AUTOTUNE == tf.data.AUTOTUNE
    assert int(tf.data.experimental.cardinality(tf.data.Dataset.range(3))) == 3


def test_seeds_are_sequences():
    tf.random.set_seed(3)
    first, second = tf.random.normal((2,), seed=1), tf.random.normal((2,), seed=1)
    assert (first.numpy() != second.numpy()).all()
    tf.random.set_seed(3)
    np.testing.assert_array_equal(tf.random.normal((2,), seed=1), first)


REFUSED = {
    "does not have the shape": lambda: tf.ensure_shape(tf.constant(ROW), (3,)),
    "gives the shape": lambda: tf.nn.conv2d_transpose(X, KERNEL, (1, 5, 5, 3), 2),
    "is 'NWC'": lambda: tf.nn.conv1d(X, KERNEL, 1, "SAME", data_format="NCW"),
    "is 'NHWC'": lambda: tf.nn.depth_to_space(X, 2, data_format="NCHW"),
    "no unique=": lambda: tf.nn.ctc_loss([[1]], LOGITS, [1], [5], unique=([0], [0])),
    "exclusive=False": lambda: tf.case([(True, lambda: 1)], exclusive=True),
    "takes no layout": lambda: tf.zeros((2,), layout=1),
    "JAX's algorithm": lambda: tf.random.Generator.from_seed(1, alg="philox"),
    "two ints": lambda: tf.random.stateless_normal((2,), 1),
    "two rates": lambda: tf.image.extract_patches(SQUARE, [1] * 4, [1] * 4, [1, 1, 2, 1], "SAME"),
}


@pytest.mark.parametrize("message", REFUSED)
def test_refused(message):
    with pytest.raises(ValueError, match=message):
        REFUSED[message]()
