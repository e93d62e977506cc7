"""The only door to `jax.jit`: tracing, compiler options per platform, donation.

The options are measured on the project's two-core machine with jaxlib 0.10.2, training and
prediction of the benchmark's workloads:

- the memory-optimized scheduler makes an LSTM's step 1.5 times faster and the others up to 1.1;
- without the "ynn" fusions the gradients of convolutions are faster (a CNN's step 1.5 times, a
  ResNet's 1.1), but prediction (0.7) and everything recurrent (0.7) are slower: they are off only
  where convolutions are trained;
- where there is no convolution, prediction without its fusions of sums, which take in the products
  and activations in front, takes 0.9 (transformer) or 0.86 (a small GPT) of the processor time, and
  else as much; evaluation, whose losses are sums, up to 1.2.

An option that the installed jaxlib does not know is dropped, not fatal.
"""

import functools
import math
import os
import warnings

import jax
from jax.extend.core import jaxprs_in_params

from . import cache, memory
from .products import products

CPU_OPTIONS = {"xla_cpu_scheduler_type": "CPU_SCHEDULER_TYPE_MEMORY_OPTIMIZED"}
_FUSIONS = "xla_cpu_experimental_ynn_fusion_type"
KIND_OPTIONS = {
    "training with convolutions": {_FUSIONS: ""},
    "prediction without convolutions": {_FUSIONS: "LIBRARY_FUSION_TYPE_INDIVIDUAL_DOT"},
}

# Buffers that a program could not reuse are no news to a user.
warnings.filterwarnings("ignore", message="Some donated buffers were not usable")


def platform() -> str:
    """`"cpu"`, `"gpu"` or `"tpu"`: where programs run by default."""
    return jax.default_backend()


def cores() -> int:
    """How many of the machine's cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


# XLA starts a thread for each core, and those that run programs after these: the cores' threads get
# heaps of their own, the first of the others the one that can hold a program's memory.
memory.keep(arenas=1 + cores())


@functools.cache
def _known(name: str, value: str) -> bool:
    try:
        jax.jit(lambda x: x).lower(0.0).compile(compiler_options={name: value})
    except jax.errors.JaxRuntimeError as error:
        if "No such compile option" in str(error) or "INVALID_ARGUMENT" in str(error):
            return False
        raise
    return True


def _wanted(kind: str | None) -> dict:
    if platform() != "cpu":
        return {}
    return CPU_OPTIONS | (KIND_OPTIONS[kind] if kind else {})


def options(kind: str | None = None) -> dict:
    """The compiler options for a program on this platform; `kind` is one of `KIND_OPTIONS`."""
    return {name: value for name, value in _wanted(kind).items() if _known(name, value)}


def jit(function, **kwargs):
    """`jax.jit` with this platform's options; `kwargs` are `jax.jit`'s own."""
    cache.switch_on()
    return jax.jit(function, compiler_options=options(), **kwargs)


def trace(function, *args, donate: tuple[int, ...] = (), **where) -> jax.stages.Traced:
    """The program of a pure function for arguments like these, not yet compiled.

    Args:
        function: a pure function of arrays.
        args: arrays, or `jax.ShapeDtypeStruct`s.
        donate: positions of arguments whose memory the results may take over.
        **where: `in_shardings` and `out_shardings`, as `jax.jit` takes them.
    """
    return jax.jit(function, donate_argnums=donate, **where).trace(*args)


def compile_program(traced: jax.stages.Traced, kind: str | None = None):
    """Compiles a traced program, of a kind as in `options`; the result is called like it."""
    cache.switch_on()
    lowered, wanted = traced.lower(), _wanted(kind)
    try:
        program = lowered.compile(compiler_options=wanted)
    except jax.errors.JaxRuntimeError:
        # Asking for each option beforehand would take 20 ms of a process's first step.
        if (known := options(kind)) == wanted:
            raise
        program = lowered.compile(compiler_options=known)
    memory.trim()
    return program


def work(traced: jax.stages.Traced) -> int:
    """About how many arithmetic operations a traced program takes.

    Two for each product in a matrix product, one for each element that another operation makes;
    the body of a loop counts as often as it is known to run.
    """
    return _work(traced.jaxpr.jaxpr)


def _work(jaxpr) -> int:
    total = 0
    for equation in jaxpr.eqns:
        made = sum(math.prod(v.aval.shape) for v in equation.outvars if hasattr(v.aval, "shape"))
        if equation.primitive.name == "dot_general":
            made = 2 * products(equation)
        inner = sum(map(_work, jaxprs_in_params(equation.params)))
        total += made + inner * equation.params.get("length", 1)
    return total


def primitives(traced: jax.stages.Traced) -> set[str]:
    """The names of all primitives in a traced program, inner ones included."""
    found = set()
    stack = [traced.jaxpr.jaxpr]
    while stack:
        for equation in stack.pop().eqns:
            found.add(equation.primitive.name)
            stack.extend(jaxprs_in_params(equation.params))
    return found
