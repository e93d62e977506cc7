"""How a kernel is held against its plain formula: values and all gradients, in two precisions."""

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np

# Half the distance between neighbours, relative: bfloat16 keeps 8 bits of a number.
BF16_ROUNDING = 2.0**-9


def normal(seed: int, *shape) -> np.ndarray:
    """Normal numbers that bfloat16 holds exactly, so that both precisions start from the same."""
    drawn = np.random.default_rng(seed).normal(size=shape)
    return drawn.astype(ml_dtypes.bfloat16).astype("float32")


def check_kernel(kernel, formula, arguments, roundings: int = 4, rtol: float = 1e-5) -> None:
    """Compares `kernel` with `formula` in float32, and in bfloat16 with the formula in float32.

    Args:
        kernel, formula: functions of `arguments` that give an array or a structure of them.
        arguments: float32 arrays, or structures of them; all are differentiated by.
        roundings: how many roundings to bfloat16, each of half a unit in the last place of the
            largest number, a result may have gone through.
        rtol: of float32, relative to the largest number.
    """

    def cast(tree, dtype):
        return jax.tree.map(lambda a: jnp.asarray(a, dtype), tree)

    def results(function, dtype):
        def run(arguments):
            value, pullback = jax.vjp(function, *cast(arguments, dtype))
            leaves, structure = jax.tree.flatten(value)
            weights = [jnp.asarray(normal(9 + i, *v.shape), v.dtype) for i, v in enumerate(leaves)]
            return value, pullback(jax.tree.unflatten(structure, weights))

        return run

    @jax.jit
    def everything(arguments):
        alone = kernel(*cast(arguments, "float32"))  # without a gradient it may be other code
        return alone, *(
            results(f, d)(arguments)
            for f, d in ((formula, "float32"), (kernel, "float32"), (kernel, "bfloat16"))
        )

    alone, expected, full, half = everything(tuple(arguments))
    for one, other in pairs(full, expected):
        close(one, other, rtol)
    for one, other in pairs(alone, expected[0]):
        close(one, other, rtol)
    for one, other in pairs(half, expected):
        assert one.dtype == jnp.bfloat16
        close(one.astype("float32"), other, roundings * BF16_ROUNDING)


def pairs(ours, theirs):
    return zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True)


def close(ours, theirs, tolerance: float) -> None:
    """Equal within `tolerance` times the largest number."""
    assert ours.shape == theirs.shape
    scale = float(jnp.abs(theirs).max(initial=0))
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance * scale + 1e-30)
