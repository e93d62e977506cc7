"""The basics without Keras: variables, modules, gradients, functions, a fitted curve."""

import numpy as np
import tensorflow as tf

tf.random.set_seed(43)
x = tf.linspace(-2.0, 2.0, 201)


def f(x):
    return x**2 + 2 * x - 5


noise = tf.random.normal(shape=[201])
y = f(x) + noise


class Quadratic(tf.Module):
    def __init__(self, units=64):
        super().__init__()
        self.w1 = tf.Variable(tf.random.normal([1, units]) * 0.5, name="w1")
        self.b1 = tf.Variable(tf.zeros([units]), name="b1")
        self.w2 = tf.Variable(tf.random.normal([units, 1]) * 0.1, name="w2")
        self.b2 = tf.Variable(tf.zeros([1]), name="b2")

    def __call__(self, x):
        h = tf.nn.relu(tf.matmul(x[:, tf.newaxis], self.w1) + self.b1)
        return tf.squeeze(tf.matmul(h, self.w2) + self.b2, axis=1)


model = Quadratic()
assert len(model.trainable_variables) == 4
assert sum(int(tf.size(v)) for v in model.variables) == 64 * 3 + 1


def mse_loss(y_pred, y):
    return tf.reduce_mean(tf.square(y_pred - y))


@tf.function
def step(x, y, rate):
    with tf.GradientTape() as tape:
        loss = mse_loss(model(x), y)
    for v, g in zip(
        model.trainable_variables, tape.gradient(loss, model.trainable_variables), strict=True
    ):
        v.assign_sub(rate * g)
    return loss


dataset = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(buffer_size=201, seed=43).batch(32)
losses = []
for epoch in range(40):
    for x_batch, y_batch in dataset:
        step(x_batch, y_batch, tf.constant(0.02))
    losses.append(mse_loss(model(x), y).numpy())
assert losses[-1] < 0.35 * losses[0] and losses[-1] < 1.8, losses
assert float(tf.reduce_mean(tf.abs(model(x) - f(x)))) < 0.8


@tf.function
def collatz(n):
    """Control flow on tensors: how many steps there are to 1, and the highest number."""
    count, highest = tf.constant(0), n
    while n > 1:
        if n % 2 == 0:
            n = n // 2
        else:
            n = 3 * n + 1
        highest = tf.maximum(highest, n)
        count += 1
    return count, highest


count, highest = collatz(tf.constant(27))
assert (int(count), int(highest)) == (111, 9232)


@tf.function
def running_sums(values):
    sums = tf.TensorArray(tf.float32, size=tf.shape(values)[0])
    total = tf.constant(0.0)
    for i in tf.range(tf.shape(values)[0]):
        total += values[i]
        sums = sums.write(i, total)
    return sums.stack()


values = tf.constant([1.0, 2.0, 3.5, -1.0])
assert np.allclose(running_sums(values), np.cumsum(values.numpy()))
with tf.GradientTape() as tape:
    tape.watch(values)
    matrix = running_sums(values)
assert np.array_equal(tape.jacobian(matrix, values).numpy(), np.tril(np.ones((4, 4))))
