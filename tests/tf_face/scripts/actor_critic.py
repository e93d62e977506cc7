"""One network acts and judges: a pole, of our own physics, is kept up."""

import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

tf.random.set_seed(14)
np.random.seed(14)
rng = np.random.default_rng(14)
gamma, eps = 0.95, np.finfo(np.float32).eps.item()
num_actions = 2

inputs = layers.Input(shape=(2,))
common = layers.Dense(32, activation="relu")(inputs)
action = layers.Dense(num_actions, activation="softmax")(common)
critic = layers.Dense(1)(common)
model = keras.Model(inputs=inputs, outputs=[action, critic])
optimizer = keras.optimizers.Adam(learning_rate=0.02)
huber_loss = keras.losses.Huber()


class Pole:
    """An upside-down pendulum that is pushed to the left or to the right."""

    def reset(self):
        self.angle, self.speed = rng.uniform(-0.1, 0.1, 2)
        return np.array([self.angle, self.speed], "float32")

    def step(self, action):
        self.speed += 0.1 * (1.5 * self.angle + (1.0 if action else -1.0))
        self.angle += 0.1 * self.speed
        return np.array([self.angle, self.speed], "float32"), abs(self.angle) > 0.6


def discounted(rewards):
    returns, total = [], 0.0
    for reward in rewards[::-1]:
        total = reward + gamma * total
        returns.insert(0, total)
    returns = np.array(returns, "float32")
    return (returns - returns.mean()) / (returns.std() + eps)


@tf.function(reduce_retracing=True)
def improve(states, actions, returns):
    with tf.GradientTape() as tape:
        probabilities, values = model(states, training=True)
        chosen = tf.reduce_sum(probabilities * tf.one_hot(actions, num_actions), axis=1)
        advantage = returns - values[:, 0]
        actor = tf.reduce_mean(-tf.math.log(chosen + 1e-8) * tf.stop_gradient(advantage))
        judge = huber_loss(returns[:, None], values)
        loss = actor + judge
    grads = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(grads, model.trainable_variables, strict=True))


pole, limit, lengths = Pole(), 60, []
for round_ in range(40):
    # A few poles at once: one batch of fixed size per round.
    poles = [Pole() for _ in range(8)]
    states = np.stack([p.reset() for p in poles])
    up = np.ones(8, bool)
    record = [[] for _ in poles]
    for _ in range(limit):
        chances = model.predict_on_batch(states)[0][:, 1]
        acts = (rng.random(8) < chances).astype("int32")
        for i in np.flatnonzero(up):
            record[i].append((states[i].copy(), acts[i], 1.0))
            states[i], fell = poles[i].step(acts[i])
            up[i] = not fell
    lengths.append(np.mean([len(r) for r in record]))
    all_states = np.concatenate([[s for s, _, _ in r] for r in record])
    all_actions = np.concatenate([[a for _, a, _ in r] for r in record])
    all_returns = np.concatenate([discounted([w for _, _, w in r]) for r in record])
    pick = rng.integers(0, len(all_states), 128)
    improve(
        tf.constant(all_states[pick]),
        tf.constant(all_actions[pick]),
        tf.constant(all_returns[pick]),
    )
first, last = np.mean(lengths[:3]), np.mean(lengths[-8:])
assert first < 30 and last > 1.8 * first, lengths
