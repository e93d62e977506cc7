"""How code runs: functions, arrays of tensors, checks, devices, printing, gradients by hand."""

import numpy as np
import pytest

import hornbill.tensorflow as tf

D = tf.debugging


def test_tensor_arrays():
    array = tf.TensorArray(tf.float32, size=0, dynamic_size=True)
    for i in range(3):
        array = array.write(i, [float(i), 1.0])
    assert array.stack().numpy().tolist() == [[0, 1], [1, 1], [2, 1]]
    assert array.concat().shape == (6,)
    assert array.read(2).numpy().tolist() == [2, 1]
    assert array.gather([2, 0]).numpy()[:, 0].tolist() == [2, 0]
    assert int(array.size()) == len(array) == 3
    rows = tf.TensorArray("int32", size=2).unstack([5, 6, 7]).scatter([0], [9])
    assert rows.stack().numpy().tolist() == [9, 6, 7]

    @tf.function
    def squares(n):
        array = tf.TensorArray(tf.float32, size=4, element_shape=())
        for i in tf.range(n):
            array = array.write(i, tf.cast(i, tf.float32) ** 2)
        return array.stack()

    assert squares(tf.constant(3)).numpy().tolist() == [0, 1, 4, 0]
    with pytest.raises(IndexError, match="dynamic_size=True"):
        tf.TensorArray("float32", size=1).write(1, 0.0)
    with pytest.raises(ValueError, match="elements of shape"):
        rows.write(0, [1, 2])
    with pytest.raises(ValueError, match="Nothing was written"):
        tf.TensorArray("float32").stack()
    with pytest.raises(ValueError, match="no handle"):
        tf.TensorArray("float32", handle=1)


X = np.array([1.0, 2.0], "float32")
CHECKS = {
    "equal": (D.assert_equal, (X, X), (X, X + 1)),
    "none_equal": (D.assert_none_equal, (X, X + 1), (X, X)),
    "less": (D.assert_less, (X, X + 1), (X, X)),
    "less_equal": (D.assert_less_equal, (X, X), (X, X - 1)),
    "greater": (D.assert_greater, (X, X - 1), (X, X)),
    "greater_equal": (D.assert_greater_equal, (X, X), (X, X + 1)),
    "positive": (D.assert_positive, (X,), (X - 1,)),
    "negative": (D.assert_negative, (-X,), (X,)),
    "non_negative": (D.assert_non_negative, (X - 1,), (-X,)),
    "non_positive": (D.assert_non_positive, (1 - X,), (X,)),
    "near": (D.assert_near, (X, X + 1e-7), (X, X + 0.1)),
    "rank": (D.assert_rank, (X, 1), (X, 2)),
    "rank_at_least": (D.assert_rank_at_least, (X, 1), (X, 2)),
    "type": (D.assert_type, (X, tf.float32), (X, tf.int32)),
    "shapes": (D.assert_shapes, ([(X, ("n",))],), ([(X, ("n",)), (X[:1], ("n",))],)),
    "Assert": (tf.Assert, (True, [X]), (False, [X])),
    "finite": (D.check_numerics, (X, "x"), ([np.inf], "x")),
    "all_finite": (D.assert_all_finite, (X, "x"), ([np.nan], "x")),
}


@pytest.mark.parametrize("name", CHECKS)
def test_checks(name):
    check, good, bad = CHECKS[name]
    check(*good)
    with pytest.raises(tf.errors.InvalidArgumentError, match="Received"):
        check(*bad)


def test_checks_in_compiled_code():
    @tf.function
    def halve(x):
        D.assert_positive(x, "half of")
        D.assert_rank(x, 1)
        return x / 2

    assert halve(-X).numpy().tolist() == [-0.5, -1.0]  # its values are not there to check
    with pytest.raises(tf.errors.InvalidArgumentError, match="half of"):
        D.assert_positive(-X, "half of")
    assert D.is_numeric_tensor(tf.constant(1))


def test_functions():
    @tf.function(input_signature=[tf.TensorSpec((None, 2), tf.float32)], jit_compile=True)
    def total(x):
        return tf.reduce_sum(x)

    assert float(total([[1, 2], [3, 4]])) == 10.0
    with pytest.raises(ValueError, match=r"Expected TensorSpec\(shape=\(None, 2\)"):
        total([[1.0, 2.0, 3.0]])
    with pytest.raises(TypeError, match="1 arguments"):
        total(1.0, 2.0, 3.0)

    class Counter(tf.Module):
        def __init__(self):
            super().__init__()
            self.count, self.inner = tf.Variable(0.0), [tf.Variable(1.0, trainable=False)]

        @tf.function(input_signature=[tf.TensorSpec((), tf.float32)])
        def add(self, x):
            self.count.assign_add(x)
            return self.count

    counter = Counter()
    counter.add(2)
    assert float(counter.add(3)) == float(counter.count) == 5.0
    assert len(counter.variables) == 2
    assert len(counter.trainable_variables) == len(counter.non_trainable_variables) == 1
    assert counter.submodules == ()
    with pytest.raises(TypeError, match="unexpected keyword"):
        tf.function(lambda x: x, no_such_option=1)

    @tf.function(autograph=False)
    def branch(x):
        return x if x > 0 else -x

    with pytest.raises(Exception, match="bool"):
        branch(tf.constant(1.0))
    assert tf.executing_eagerly()
    assert not tf.function(tf.executing_eagerly)()
    tf.config.run_functions_eagerly(True)
    try:
        assert tf.function(tf.executing_eagerly)()
        assert float(branch(tf.constant(-1.0))) == 1.0
    finally:
        tf.config.run_functions_eagerly(False)
    assert not tf.config.functions_run_eagerly()


def test_a_loss_scale_that_a_function_makes():
    v = tf.Variable(2.0)
    optimizer = tf.keras.mixed_precision.LossScaleOptimizer(tf.keras.optimizers.SGD(0.5), 8.0)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            scaled = optimizer.scale_loss(v * v)
        optimizer.apply_gradients([(tape.gradient(scaled, v), v)])
        return scaled

    assert [float(step()), float(step())] == [32.0, 0.0]
    assert float(v) == 0.0
    assert float(optimizer.dynamic_scale) == 8.0


def test_an_optimizer_that_starts_elsewhere_than_at_zero_is_built_in_a_function():
    v, optimizer = tf.Variable([1.0]), tf.keras.optimizers.Adagrad(0.1, 0.25)
    step = tf.function(lambda: optimizer.apply_gradients([(tf.constant([1.0]), v)]))
    step()
    np.testing.assert_allclose(v.numpy(), [1 - 0.1 / np.sqrt(1.25)], rtol=1e-5)


def test_settings_that_hold():
    assert tf.argmax([1, 3, 2], output_type=tf.int32).dtype == "int32"
    assert tf.map_fn(lambda x: x * 2, X, fn_output_signature=tf.float32).numpy().tolist() == [2, 4]
    with pytest.raises(ValueError, match="fn gives float32"):
        tf.map_fn(lambda x: x, X, dtype=tf.int32)
    x = tf.constant(2.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        (y,) = tf.while_loop(lambda y: y < 9.0, lambda y: (y * x,), (x,), back_prop=False)
    assert float(tape.gradient(y, x, unconnected_gradients="zero")) == 0.0


def test_config():
    (cpu,) = tf.config.list_physical_devices("CPU")
    assert cpu == tf.config.PhysicalDevice("/physical_device:CPU:0", "CPU")
    assert tf.config.list_physical_devices("TPU") == []
    tf.config.experimental.set_memory_growth(cpu, True)
    tf.config.set_visible_devices(cpu, "CPU")
    assert tf.config.get_visible_devices() == tf.config.list_logical_devices("CPU") == [cpu]
    with pytest.raises(ValueError, match="no device at all"):
        tf.config.set_visible_devices([], "CPU")
    tf.config.set_visible_devices([cpu], "CPU")
    with pytest.raises(ValueError, match="none, one or all"):
        tf.config.set_visible_devices(["gpu"], "CPU")
    for name in ("/CPU:0", "/device:CPU:0", "cpu:0", cpu):
        with tf.device(name):
            assert float(tf.ones(())) == 1.0
    with tf.name_scope("tower"):
        assert tf.keras.Variable(1.0).path.startswith("tower/")


def test_python_inside(capsys):
    doubled = tf.numpy_function(lambda x: x * 2, [X], tf.float32)
    assert doubled.numpy().tolist() == [2, 4]
    first, second = tf.py_function(lambda x: (x, x.numpy().sum()), [X], [tf.float32, tf.int32])
    assert (first.shape, int(second)) == ((2,), 3)
    with pytest.raises(TypeError, match="cannot call Python"):
        tf.function(lambda x: tf.py_function(lambda y: y, [x], tf.float32))(X)
    import sys

    tf.print("x", tf.constant([1, 2]), 3, sep="|", output_stream=sys.stdout)
    assert capsys.readouterr().out == "x|[1 2]|3\n"


def test_custom_gradient_of_several():
    @tf.custom_gradient
    def product(a, b):
        return a * b, lambda upstream: (upstream * 10.0, upstream * 20.0)

    a, b = tf.constant(2.0), tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch([a, b])
        y = product(a, b)
    assert float(y) == 6.0
    assert [float(g) for g in tape.gradient(y, [a, b])] == [10.0, 20.0]


def test_other_places():
    assert tf.losses.MeanSquaredError is tf.keras.losses.MeanSquaredError
    assert tf.zeros_initializer()((2,)).numpy().tolist() == [0, 0]
    with pytest.raises(AttributeError, match=r"without tf\.compat\.v1"):
        tf.compat.v1  # noqa: B018
    for module in ("data", "image", "signal", "strings", "io", "debugging", "config", "train"):
        with pytest.raises(AttributeError, match=f"Hornbill's tf.{module} has no 'no_such_name'"):
            getattr(getattr(tf, module), "no_such_name")  # noqa: B009
