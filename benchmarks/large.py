"""Two workloads for an accelerator, in the Keras API and in mixed bfloat16.

`workloads.py` runs them like its own six. Random data: what is measured is the model.
"""

import numpy as np

# Arithmetic operations of a training step for one sample: 3 times the forward pass's, two for each
# product. Of the GPT 6 for each of its weights and token, and attention's two products.
TRAINING_FLOPS = {
    "resnet50": 3 * 2 * 4.09e9,
    "gpt": 1024 * (6 * 124e6 + 3 * 2 * 2 * 12 * 1024 * 768),
}


def resnet50(keras, scale):
    """ResNet-50 at 224 pixels; the stride is the 3x3 convolution's."""
    layers = keras.layers

    def conv(x, filters, size, strides=1):
        x = layers.Conv2D(filters, size, strides=strides, padding="same", use_bias=False)(x)
        return layers.BatchNormalization()(x)

    i = keras.Input((224, 224, 3))
    x = layers.ReLU()(conv(i, 64, 7, 2))
    x = layers.MaxPooling2D(3, 2, padding="same")(x)
    for stage, blocks in enumerate((3, 4, 6, 3)):
        filters = 64 * 2**stage
        for block in range(blocks):
            strides = 2 if stage and not block else 1
            shortcut = x if block else conv(x, 4 * filters, 1, strides)
            x = layers.ReLU()(conv(x, filters, 1))
            x = layers.ReLU()(conv(x, filters, 3, strides))
            x = layers.ReLU()(layers.add([conv(x, 4 * filters, 1), shortcut]))
    x = layers.GlobalAveragePooling2D()(x)
    o = layers.Dense(1000, activation="softmax", dtype="float32")(x)
    n = int(1024 * scale)
    rng = np.random.default_rng(0)
    x, y = rng.random((n, 224, 224, 3), dtype="float32"), rng.integers(0, 1000, (n,))
    return keras.Model(i, o), x, y, 128, "sparse_categorical_crossentropy"


def gpt(keras, scale):
    """A GPT of 124M weights over 1,024 steps; its output shares the embedding's."""
    layers, ops = keras.layers, keras.ops
    words, steps, width, heads, depth = 50304, 1024, 768, 12, 12

    class Block(layers.Layer):
        def __init__(self):
            super().__init__()
            self.norm1 = layers.LayerNormalization(epsilon=1e-5)
            self.attention = layers.MultiHeadAttention(heads, width // heads)
            self.norm2 = layers.LayerNormalization(epsilon=1e-5)
            self.wide = layers.Dense(4 * width, activation="gelu")
            self.narrow = layers.Dense(width)

        def call(self, x):
            h = self.norm1(x)
            x = x + self.attention(h, h, use_causal_mask=True)
            return x + self.narrow(self.wide(self.norm2(x)))

    class GPT(keras.Model):
        def __init__(self):
            super().__init__()
            self.embed = layers.Embedding(words, width)
            self.places = layers.Embedding(steps, width)
            self.blocks = [Block() for _ in range(depth)]
            self.norm = layers.LayerNormalization(epsilon=1e-5)

        def call(self, tokens):
            x = self.embed(tokens) + self.places(ops.arange(steps))
            for block in self.blocks:
                x = block(x)
            logits = ops.matmul(self.norm(x), ops.transpose(self.embed.embeddings))
            return ops.cast(logits, "float32")

    n = int(64 * scale)
    tokens = np.random.default_rng(0).integers(0, words, (n, steps + 1)).astype("int32")
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    return GPT(), tokens[:, :-1], tokens[:, 1:], 8, loss


LARGE = (resnet50, gpt)
