"""A graph network: nodes ask their neighbours which side they are on."""

import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

keras.utils.set_random_seed(36)
rng = np.random.default_rng(36)
n = 120
side = rng.integers(0, 2, n)
# Edges are mostly within a side; features tell hardly anything.
links = [(i, j) for i in range(n) for j in range(n) if i != j]
chance = np.array([0.12 if side[i] == side[j] else 0.01 for i, j in links])
edges = np.array(links, "int32")[rng.random(len(links)) < chance].T
features = (rng.normal(size=(n, 6)) + 0.7 * side[:, None]).astype("float32")


class GraphConvLayer(layers.Layer):
    def __init__(self, units):
        super().__init__()
        self.prepare_ffn = layers.Dense(units, activation="gelu")
        self.update_ffn = layers.Dense(units, activation="gelu")

    def call(self, inputs):
        nodes, edges, weights = inputs
        node_indices, neighbour_indices = edges[0], edges[1]
        neighbours = tf.gather(nodes, neighbour_indices)
        messages = self.prepare_ffn(neighbours) * tf.expand_dims(weights, -1)
        received = tf.math.unsorted_segment_mean(
            messages, node_indices, num_segments=tf.shape(nodes)[0]
        )
        h = tf.concat([nodes, received], axis=1)
        return tf.nn.l2_normalize(self.update_ffn(h), axis=-1)


class GNNNodeClassifier(keras.Model):
    def __init__(self, graph_info, num_classes, units, **kwargs):
        super().__init__(**kwargs)
        self.node_features, self.edges = (tf.constant(x) for x in graph_info)
        self.edge_weights = tf.ones(shape=self.edges.shape[1])
        self.preprocess = layers.Dense(units, activation="gelu")
        self.conv1, self.conv2 = GraphConvLayer(units), GraphConvLayer(units)
        self.compute_logits = layers.Dense(units=num_classes, name="logits")

    def call(self, input_node_indices):
        x = self.preprocess(self.node_features)
        x1 = self.conv1((x, self.edges, self.edge_weights))
        x = x1 + x
        x = self.conv2((x, self.edges, self.edge_weights)) + x
        node_embeddings = tf.gather(x, tf.reshape(input_node_indices, [-1]))
        return self.compute_logits(node_embeddings)


known, asked = np.arange(0, 40), np.arange(40, n)
model = GNNNodeClassifier((features, edges), num_classes=2, units=16)
model.compile(
    optimizer=keras.optimizers.Adam(0.01),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=[keras.metrics.SparseCategoricalAccuracy(name="acc")],
)
model.fit(x=known, y=side[known], epochs=30, batch_size=20, verbose=0)
_, accuracy = model.evaluate(asked, side[asked], batch_size=80, verbose=0)

baseline = keras.Sequential([keras.Input((6,)), layers.Dense(16, "gelu"), layers.Dense(2)])
baseline.compile(
    optimizer=keras.optimizers.Adam(0.01),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
baseline.fit(features[known], side[known], epochs=30, batch_size=20, verbose=0)
_, alone = baseline.evaluate(features[asked], side[asked], batch_size=80, verbose=0)
assert accuracy > 0.8 and accuracy > alone, (accuracy, alone)
