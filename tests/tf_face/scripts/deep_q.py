"""Q-learning in a corridor: replay, a target network, exploration that fades."""

import collections
import random

import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

keras.utils.set_random_seed(13)
rng = np.random.default_rng(13)
length, gamma = 6, 0.9


class Corridor:
    """Starts in the middle; the right end pays 1, the left end 0.1."""

    def reset(self):
        self.at, self.time = 2, 0
        return self.state()

    def state(self):
        return np.eye(length, dtype="float32")[self.at]

    def step(self, action):
        self.at += 1 if action == 1 else -1
        self.time += 1
        done = self.at in (0, length - 1) or self.time >= 20
        reward = {0: 0.1, length - 1: 1.0}.get(self.at, 0.0)
        return self.state(), reward, done


def q_network():
    inputs = layers.Input(shape=(length,))
    hidden = layers.Dense(24, activation="relu")(inputs)
    return keras.Model(inputs=inputs, outputs=layers.Dense(2, activation="linear")(hidden))


model, target = q_network(), q_network()
target.set_weights(model.get_weights())
optimizer = keras.optimizers.Adam(learning_rate=0.01, clipnorm=1.0)
loss_function = keras.losses.Huber()
replay = collections.deque(maxlen=500)


@tf.function
def learn(states, actions, updated):
    masks = tf.one_hot(actions, 2)
    with tf.GradientTape() as tape:
        q_action = tf.reduce_sum(tf.multiply(model(states), masks), axis=1)
        loss = loss_function(updated, q_action)
    grads = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(grads, model.trainable_variables, strict=True))
    return loss


environment, epsilon, steps = Corridor(), 1.0, 0
for episode in range(60):
    state, done = environment.reset(), False
    while not done:
        if rng.random() < epsilon:
            action = int(rng.integers(2))
        else:
            q = model(tf.expand_dims(tf.convert_to_tensor(state), 0), training=False)
            action = int(tf.argmax(q[0]).numpy())
        after, reward, done = environment.step(action)
        replay.append((state, action, reward, after, float(done)))
        state, steps = after, steps + 1
        if steps % 2 == 0 and len(replay) >= 32:
            rows = random.sample(list(replay), 32)
            states, actions, rewards, nexts, ends = map(np.array, zip(*rows, strict=True))
            future = tf.reduce_max(target(nexts.astype("float32")), axis=1)
            updated = rewards.astype("float32") + gamma * future * (1 - ends.astype("float32"))
            learn(tf.constant(states), tf.constant(actions), updated)
        if steps % 20 == 0:
            target.set_weights(model.get_weights())
    epsilon = max(0.1, epsilon * 0.95)

q = model(np.eye(length, dtype="float32")).numpy()
assert (q[2:5, 1] > q[2:5, 0]).all(), q
assert abs(q[4, 1] - 1.0) < 0.25 and q[4, 1] > q[2, 1], q
