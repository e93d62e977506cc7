import numpy as np
import tensorflow as tf

# Two arms, of which the second pays: the policy learns to pull it.
tf.random.set_seed(0)
rng = np.random.default_rng(0)
policy = tf.keras.Sequential([tf.keras.layers.Input((1,)), tf.keras.layers.Dense(2)])
optimizer = tf.keras.optimizers.Adam(0.1)
state = np.ones((16, 1), "float32")
for _ in range(25):
    chances = tf.nn.softmax(policy(state)).numpy()
    actions = (rng.random(16) < chances[:, 1]).astype("int32")
    rewards = np.where(actions == 1, 1.0, -1.0).astype("float32")
    with tf.GradientTape() as tape:
        nll = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=actions, logits=policy(state))
        loss = tf.reduce_mean(nll * rewards)
    gradients = tape.gradient(loss, policy.trainable_variables)
    optimizer.apply_gradients(zip(gradients, policy.trainable_variables, strict=True))
assert tf.nn.softmax(policy(state[:1]))[0, 1] > 0.8
