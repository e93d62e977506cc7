"""Six models whose pictures the tests look at."""

import numpy as np

import hornbill as hb
from hornbill import layers as L


def sequential():
    return hb.Sequential(
        [hb.Input((8, 8, 1)), L.Conv2D(2, 3, activation="relu"), L.Flatten(), L.Dense(3)],
        name="sequential",
    )


def several_inputs():
    a = hb.Input((4,), name="a_long_name_of_an_input_with_temperatures_by_day")
    b, c = hb.Input((3,), name="b"), hb.Input((5,), dtype="int32", name="words")
    x, y = L.Dense(2)(a), L.Dense(2)(b)
    joined = L.concatenate([x, y, L.Flatten()(L.Embedding(10, 2)(c))], name="joined")
    kind = L.Dense(3, name="kind")(L.concatenate([joined, x]))
    return hb.Model([a, b, c], [L.Dense(1, name="price")(joined), kind])


def resnet(blocks: int = 3):
    inputs = hb.Input((4, 4, 2))
    x = L.Conv2D(2, 1)(inputs)
    for i in range(blocks):
        y = L.ReLU()(L.BatchNormalization()(L.Conv2D(2 + i // 2, 1)(x)))
        y = L.Conv2D(2 + i // 2, 1)(y)
        x = L.add([x if x.shape == y.shape else L.Conv2D(2 + i // 2, 1)(x), y])
    return hb.Model(inputs, L.Dense(2)(L.GlobalAveragePooling2D()(x)))


def nested():
    encoder = hb.Sequential([hb.Input((4,)), L.Dense(4), L.Dense(2)], name="encoder")
    inside = hb.Input((2,))
    heads = hb.Model(inside, [L.Dense(2)(inside), L.Dense(3)(inside) * 2], name="heads")
    i, j = hb.Input((4,), name="i"), hb.Input((4,), name="j")
    x = L.Dense(4, name="first")(i)
    return hb.Model([i, j], L.concatenate([*heads(encoder(x)), encoder(j), x], name="end"))


def shared():
    twice = L.Dense(4, name="twice")
    i, j = hb.Input((4,), name="i"), hb.Input((4,), name="j")
    return hb.Model([i, j], L.Dense(1, name="end")(abs(twice(i) - twice(j)) + twice(twice(j)) * i))


class Branches(hb.Model):
    """A residual connection, a branch, and a layer that is called twice."""

    def __init__(self):
        super().__init__(name="branches")
        self.enter = L.Dense(4, name="enter")
        self.blocks = [L.Dense(4, name=f"block_{i}") for i in range(2)]
        self.scale = L.Dense(1, activation="sigmoid", name="scale")
        self.leave = L.Dense(2, name="leave")

    def call(self, x, training=None):
        x = entered = self.enter(x)
        for block in self.blocks:
            x = x + block(x)
        return self.leave(x * self.scale(entered) + self.scale(x))


def subclassed():
    model = Branches()
    model(np.ones((2, 3), "float32"))
    return model


SIX = {f.__name__: f for f in (sequential, several_inputs, resnet, nested, shared, subclassed)}
