"""Attention, and its gradients, against the formula written out head by head."""

import jax.numpy as jnp
import numpy as np
import pytest
from kernel_parity import check_kernel, normal

import hornbill as hb

MASK = np.random.default_rng(1).random((2, 1, 5, 7)) > 0.4
MASK[0, 0, 3] = False  # a query that may look nowhere

CASES = {
    "plain": (3, 3, {}),
    "causal": (3, 3, {"is_causal": True}),
    "scaled": (1, 1, {"scale": 0.3}),
    "masked": (3, 3, {"mask": MASK}),
    "causal and masked": (2, 2, {"mask": np.ones((1, 1, 5, 7), bool), "is_causal": True}),
    "mask of each head": (3, 3, {"mask": np.repeat(MASK, 3, axis=1) & (np.arange(7) < 6)}),
    "grouped": (6, 2, {"mask": MASK}),
    "one group": (4, 1, {}),
}


@pytest.mark.parametrize(("heads", "groups", "options"), CASES.values(), ids=CASES)
@pytest.mark.parametrize("biased", [False, True])
def test_attention(heads, groups, options, biased):
    steps, keys, dim = 5, 7, 3
    scale = options.get("scale", dim**-0.5)
    seen = options.get("mask", np.ones((1, 1, 1, 1), bool))
    if options.get("is_causal"):
        seen = seen & np.tri(steps, keys, dtype=bool)
    seen = np.broadcast_to(seen, (2, heads, steps, keys))
    nowhere = ~seen.any(-1, keepdims=True)  # there all keys count alike

    def kernel(query, key, value, *bias):
        bias = bias[0] if bias else None
        return hb.ops.dot_product_attention(query, key, value, bias=bias, **options)

    def formula(query, key, value, *bias):
        outputs = []
        for head in range(heads):
            group = head // (heads // groups)
            scores = jnp.einsum("btd,bsd->bts", query[:, :, head], key[:, :, group]) * scale
            if bias:
                scores = scores + bias[0][:, head]
            weights = jnp.where(seen[:, head], jnp.exp(scores), 0) + nowhere[:, head]
            weights = weights / weights.sum(-1, keepdims=True)
            outputs.append(jnp.einsum("bts,bsd->btd", weights, value[:, :, group]))
        return jnp.stack(outputs, axis=2)

    arrays = [
        normal(0, 2, steps, heads, dim),
        normal(1, 2, keys, groups, dim),
        normal(2, 2, keys, groups, dim),
        *([normal(3, 2, heads, steps, keys)] if biased else []),
    ]
    check_kernel(kernel, formula, arrays, 12)


BAD_SHAPES = {
    "heads": ((2, 5, 4, 8), (2, 7, 3, 8), (2, 7, 3, 8)),
    "dim": ((2, 5, 4, 8), (2, 7, 4, 6), (2, 7, 4, 6)),
    "keys and values": ((2, 5, 4, 8), (2, 7, 4, 8), (2, 6, 4, 8)),
    "batch": ((2, 5, 4, 8), (1, 7, 4, 8), (1, 7, 4, 8)),
}


@pytest.mark.parametrize("shapes", BAD_SHAPES.values(), ids=BAD_SHAPES)
def test_shapes_that_do_not_fit(shapes):
    with pytest.raises(ValueError, match=r"dot_product_attention takes a key and .*key\.shape="):
        hb.ops.dot_product_attention(*map(np.ones, shapes))
