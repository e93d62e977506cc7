"""The only door to `jax.jit`: compiler options per platform, donation.

The options are measured on the project's two-core machine with jaxlib 0.10.2:

- without the "ynn" fusions, convolutions on the CPU are 2 to 3.5 times faster;
- the memory-optimized scheduler makes a recurrent step 2 times faster.

An option that the installed jaxlib does not know is dropped, not fatal.
"""

import functools
import warnings

import jax

CPU_OPTIONS = {"xla_cpu_experimental_ynn_fusion_type": ""}
RECURRENT_CPU_OPTIONS = {"xla_cpu_scheduler_type": "CPU_SCHEDULER_TYPE_MEMORY_OPTIMIZED"}


@functools.cache
def _known(name: str, value: str) -> bool:
    try:
        jax.jit(lambda x: x, compiler_options={name: value}).lower(0.0).compile()
    except jax.errors.JaxRuntimeError as error:
        if "No such compile option" in str(error) or "INVALID_ARGUMENT" in str(error):
            return False
        raise
    return True


def platform() -> str:
    """`"cpu"`, `"gpu"` or `"tpu"`: where programs run by default."""
    return jax.default_backend()


def options(recurrent: bool = False) -> dict:
    """The compiler options for a program on this platform."""
    if platform() != "cpu":
        return {}
    wanted = CPU_OPTIONS | (RECURRENT_CPU_OPTIONS if recurrent else {})
    return {name: value for name, value in wanted.items() if _known(name, value)}


def jit(function, donate: tuple[int, ...] = (), recurrent: bool = False, static=()):
    """`jax.jit` with this library's options.

    Args:
        function: a pure function of arrays.
        donate: positions of arguments whose memory the result may take over.
        recurrent: whether the program is dominated by a loop over time.
        static: positions of arguments that are Python values.
    """
    return jax.jit(
        function,
        donate_argnums=donate,
        static_argnums=static,
        compiler_options=options(recurrent),
    )


def primitives(jaxpr) -> set[str]:
    """The names of all primitives in a jaxpr, inner ones included."""
    found = set()
    stack = [jaxpr]
    while stack:
        for equation in stack.pop().eqns:
            found.add(equation.primitive.name)
            stack.extend(jax.core.jaxprs_in_params(equation.params))
    return found


# Buffers that a program could not reuse are no news to a user.
warnings.filterwarnings("ignore", message="Some donated buffers were not usable")
