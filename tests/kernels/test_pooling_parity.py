"""Pooling, and its gradients, against the windows laid out side by side and reduced."""

import functools
import itertools
import math

import jax.numpy as jnp
import numpy as np
import pytest
from kernel_parity import check_kernel

from hornbill.kernels.pooling import adaptive_pool, average_pool, max_pool


def windows(x, pool, strides, padding, fill):
    """The windows' places along a new first axis; channels last, `fill` where padding is."""
    counts, zeros = [], [(0, 0)]
    for n, size, step in zip(x.shape[1:-1], pool, strides, strict=True):
        count = (n - size) // step + 1 if padding == "valid" else -(-n // step)
        missing = max((count - 1) * step + size - n, 0) if padding == "same" else 0
        counts.append(count)
        zeros.append((missing // 2, missing - missing // 2))
    x = jnp.pad(x, [*zeros, (0, 0)], constant_values=fill)
    return jnp.stack(
        [
            x[
                :,
                *(
                    slice(start, start + (count - 1) * step + 1, step)
                    for start, count, step in zip(place, counts, strides, strict=True)
                ),
            ]
            for place in itertools.product(*map(range, pool))
        ]
    )


def plain_max(x, *settings):
    return windows(x, *settings, -jnp.inf).max(0)


def plain_average(x, *settings):
    return windows(x, *settings, 0).sum(0) / windows(jnp.ones_like(x), *settings, 0).sum(0)


POOLS = {"max": (max_pool, plain_max), "average": (average_pool, plain_average)}

# spatial sizes, pool size, strides, padding, data format
CASES = {
    "1d overlapping": ((11,), (4,), (3,), "same", "channels_last"),
    "2d tiles": ((7, 9), (2, 3), None, "valid", "channels_first"),
    "2d padded": ((7, 5), (2, 3), None, "same", "channels_first"),
    "2d overlapping": ((9, 8), (3, 3), (2, 2), "valid", "channels_first"),
    "2d wide": ((9, 9), (7, 7), (2, 2), "same", "channels_last"),
    "3d overlapping": ((3, 5, 5), (2, 3, 2), (1, 2, 1), "same", "channels_last"),
}


def images(spatial, data_format):
    """No two numbers of a channel are the same, and bfloat16 holds them all."""
    rng = np.random.default_rng(0)
    n = math.prod(spatial)
    assert n <= 256
    drawn = np.stack([rng.permutation(n) for _ in range(6)]).reshape(2, 3, *spatial) / 128 - 1
    x = drawn if data_format == "channels_first" else np.moveaxis(drawn, 1, -1)
    return x.astype("float32")


@pytest.mark.parametrize("pool", POOLS)
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_pool(case, pool):
    spatial, size, strides, padding, data_format = case
    kernel, plain = POOLS[pool]

    def formula(x):
        last = jnp.moveaxis(x, 1, -1) if data_format == "channels_first" else x
        y = plain(last, size, strides or size, padding)
        return jnp.moveaxis(y, -1, 1) if data_format == "channels_first" else y

    check_kernel(
        lambda x: kernel(x, size, strides, padding, data_format),
        formula,
        [images(spatial, data_format)],
    )


def test_max_of_large_tiles():
    size = (5, 13)

    def formula(x):
        return plain_max(x, size, size, "valid")

    x = images((10, 14), "channels_last")
    check_kernel(lambda x: max_pool(x, size), formula, [x])


@pytest.mark.parametrize("reduce", ["max", "mean"])
@pytest.mark.parametrize(("spatial", "sizes"), [((7,), (3,)), ((6, 7), (3, 4))])
def test_adaptive_pool(spatial, sizes, reduce):
    def formula(x):
        for axis, size in enumerate(sizes, 1):
            n = x.shape[axis]
            cut = functools.partial(jnp.take, x, axis=axis)
            x = jnp.stack(
                [
                    getattr(cut(np.arange(i * n // size, -(-(i + 1) * n // size))), reduce)(axis)
                    for i in range(size)
                ],
                axis,
            )
        return x

    x = images(spatial, "channels_last")
    check_kernel(lambda x: adaptive_pool(x, sizes, reduce, "channels_last"), formula, [x])
