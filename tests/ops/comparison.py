"""Ops held against Keras on JAX: value, dtype, gradient, and the shape that inference gives."""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from hornbill.engine.symbolic import SymbolicTensor


class Case(NamedTuple):
    """One use of an op.

    `batched` are the places of arguments whose first axis is the batch: inference is tried with
    that axis unknown. `gradient` are the places of arguments to differentiate by.
    """

    name: str
    args: tuple
    kwargs: dict = {}
    batched: tuple = (0,)
    gradient: tuple = (0,)
    tolerance: float = 1e-5

    def __str__(self):
        shown = ",".join(f"{k}={v}" for k, v in self.kwargs.items() if np.ndim(v) < 1)
        return f"{self.name}({shown})"


def ids(case) -> str:
    return str(case)


def floats(*shape, seed=0, low=-2.0, high=2.0, dtype="float32"):
    """Random floats, the same at each call."""
    return np.random.default_rng(seed).uniform(low, high, shape).astype(dtype)


# The results must be the same, not fast: XLA need not optimize what runs once.
QUICK = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}


def check(case: Case, ours, theirs) -> None:
    """Asserts that `ours` does what `theirs` does."""

    @functools.partial(jax.jit, compiler_options=QUICK)
    def both(arrays):
        return [(_call(f, case, arrays), _gradient(f, case, arrays)) for f in (ours, theirs)]

    (result, slopes), (expected, expected_slopes) = both(
        [jnp.asarray(case.args[i]) for i in case.gradient]
    )
    same(result, expected, case.tolerance)
    same(slopes, expected_slopes, 10 * case.tolerance)
    assert not case.gradient or any(np.any(np.asarray(slope) != 0) for slope in slopes)
    if case.batched:
        check_inference(case, ours, result)


def _call(function, case, arrays):
    args = list(case.args)
    for place, array in zip(case.gradient, arrays, strict=True):
        args[place] = array
    return function(*args, **case.kwargs)


def same(result, expected, tolerance) -> None:
    """Asserts the same structure, shapes and dtypes, and values that are close."""
    result, expected = jax.tree.leaves(result), jax.tree.leaves(expected)
    assert len(result) == len(expected)
    for a, b in zip(result, expected, strict=True):
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
        a, b = (np.asarray(v, "complex128" if v.dtype.kind == "c" else "float64") for v in (a, b))
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


def _gradient(function, case, arrays):
    def loss(*arrays):
        total = 0.0
        for leaf in jax.tree.leaves(_call(function, case, arrays)):
            if jnp.issubdtype(leaf.dtype, jnp.floating):
                # Weights that differ, so that values cannot be swapped unnoticed.
                weights = jnp.cos(jnp.arange(leaf.size, dtype="float32")).reshape(leaf.shape)
                total = total + (leaf * weights).sum()
        return total

    return jax.grad(loss, tuple(range(len(arrays))))(*arrays) if arrays else ()


def check_inference(case: Case, ours, result) -> None:
    """Asserts that an unknown batch comes out as unknown, all else as it really is."""

    def unknown(x):
        return SymbolicTensor((None, *np.shape(x)[1:]), jnp.asarray(x).dtype)

    args = list(case.args)
    for place in case.batched:
        args[place] = jax.tree.map(unknown, args[place])
    inferred = jax.tree.leaves(ours(*args, **case.kwargs))
    real = jax.tree.leaves(result)
    assert len(inferred) == len(real)
    for symbol, array in zip(inferred, real, strict=True):
        known = (None, *array.shape[1:])
        assert (symbol.shape, symbol.dtype) == (known, array.dtype.name)


def check_again(case: Case, ours, theirs, dtype="bfloat16") -> None:
    """Asserts the same for a batch twice as long, in `dtype` where Keras's op takes it."""
    args = list(case.args)
    for place in case.batched:
        args[place] = jax.tree.map(lambda x: np.concatenate([x, x]), args[place])
    cast = list(args)
    for place in {*case.batched, *case.gradient}:
        cast[place] = jax.tree.map(lambda x: _cast(x, dtype), args[place])
    try:
        expected, arrays, program = _program(theirs, case, cast)
        args, tolerance = cast, 0.02
    except (TypeError, ValueError, NotImplementedError):
        expected, arrays, program = _program(theirs, case, args)
        tolerance = case.tolerance
    result, _, own_program = _program(ours, case, args)
    if str(own_program) == str(program) and not program.consts:
        return  # the same program: nothing need run
    both = jax.jit(lambda arrays: (result(arrays), expected(arrays)), compiler_options=QUICK)
    same(*both(arrays), tolerance)


def _cast(x, dtype):
    """Single-precision arrays in another dtype, all else as it is."""
    return jnp.asarray(x, dtype) if getattr(x, "dtype", None) == np.float32 else x


def _program(function, case, args):
    """The case as a function of its arrays, these, and what it computes."""
    leaves, treedef = jax.tree.flatten(args)
    places = [i for i, x in enumerate(leaves) if isinstance(x, (np.ndarray, jax.Array))]

    def call(arrays):
        filled = list(leaves)
        for place, array in zip(places, arrays, strict=True):
            filled[place] = array
        return function(*jax.tree.unflatten(treedef, filled), **case.kwargs)

    arrays = [jnp.asarray(leaves[i]) for i in places]
    return call, arrays, jax.make_jaxpr(call)(arrays)


def of(keras_module, our_module, how=check, **settings):
    """`compare(case)` for the ops of two modules."""

    @functools.wraps(how)
    def compare(case):
        ours, theirs = getattr(our_module, case.name), getattr(keras_module, case.name)
        how(case, ours, theirs, **settings)

    return compare
