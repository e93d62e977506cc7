"""A student learns from a teacher's opinions more than from few labels."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

keras.utils.set_random_seed(23)
rng = np.random.default_rng(23)


class Distiller(keras.Model):
    def __init__(self, student, teacher):
        super().__init__()
        self.teacher, self.student = teacher, student

    def compile(
        self, optimizer, metrics, student_loss_fn, distillation_loss_fn, alpha, temperature
    ):
        super().compile(optimizer=optimizer, metrics=metrics)
        self.student_loss_fn = student_loss_fn
        self.distillation_loss_fn = distillation_loss_fn
        self.alpha, self.temperature = alpha, temperature

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        teacher_pred = self.teacher(x, training=False)
        student_loss = self.student_loss_fn(y, y_pred)
        soft = self.distillation_loss_fn(
            ops.softmax(teacher_pred / self.temperature, axis=1),
            ops.softmax(y_pred / self.temperature, axis=1),
        ) * (self.temperature**2)
        return self.alpha * student_loss + (1 - self.alpha) * soft

    def call(self, x):
        return self.student(x)


def network(units, name):
    return keras.Sequential(
        [keras.Input((6,)), layers.Dense(units, activation="relu"), layers.Dense(3)], name=name
    )


def truth(x):
    return np.argmax(np.stack([np.sin(2 * x[:, 0]), x[:, 1], x[:, 2] * x[:, 3]], 1), axis=1)


x = rng.normal(size=(1200, 6)).astype("float32")
y = truth(x)
test = rng.normal(size=(500, 6)).astype("float32")
teacher, student = network(96, "teacher"), network(24, "student")
crossentropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
accuracy = keras.metrics.SparseCategoricalAccuracy()
teacher.compile(keras.optimizers.Adam(0.01), crossentropy, metrics=[accuracy])
teacher.fit(x, y, epochs=15, batch_size=60, verbose=0)
assert teacher.evaluate(test, truth(test), verbose=0)[1] > 0.82
kept = [w.numpy() for w in teacher.weights]

# Half of the student's labels are thrown at random; the teacher knows better.
guessed = np.where(rng.random(1200) < 0.5, rng.integers(0, 3, 1200), y)
distiller = Distiller(student=student, teacher=teacher)
distiller.compile(
    optimizer=keras.optimizers.Adam(0.01),
    metrics=[keras.metrics.SparseCategoricalAccuracy()],
    student_loss_fn=crossentropy,
    distillation_loss_fn=keras.losses.KLDivergence(),
    alpha=0.1,
    temperature=2,
)
teacher.trainable = False
distiller.fit(x, guessed, epochs=15, batch_size=60, verbose=0)
assert all(np.array_equal(a, b.numpy()) for a, b in zip(kept, teacher.weights, strict=True))
right = float(tf.reduce_mean(tf.cast(student(test).numpy().argmax(1) == truth(test), tf.float32)))
assert right > 0.78, right
