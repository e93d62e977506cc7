"""A traced step as compiled programs: alone, on rows of resident data, and as a loop."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import jaxpr_as_fun

from ..engine import compile as compiler
from ..engine import onednn, placement
from ..engine.substitute import with_onednn
from .ahead import Cut, cut, run_in

# A step of fewer operations than this (50 us on two cores) is looped on the CPU.
LOOPED_WORK = 4_000_000

# The compiler's options, by the mode and whether the step has convolutions.
KINDS = {
    ("train", True): "training with convolutions",
    ("predict", False): "prediction without convolutions",
}

# Each holds a batch and what the model makes of it in memory.
MOST_LANES = 4


class Compiled:
    """One step, traced for one shape of batch, and the programs made of it.

    Args:
        step: the pure step, `(values, fixed, batch) -> (values, logs)`.
        args: what it is traced for.
        mode: the runner's.
        members: how many models it advances.
        keeps: whether the old values outlive the step; else the new ones take over their memory.
        distributed: whether several devices share the work.
    """

    def __init__(
        self,
        step,
        args,
        mode: str,
        members: int = 1,
        keeps: bool = False,
        distributed: bool = False,
    ):
        self._pure = jax.jit(step)  # inside a program it is one call, not traced again
        # The batches of the other modes run beside each other.
        self._threads = compiler.cores() if mode == "train" else _threads_of_a_lane()
        self._distributed = distributed
        if distributed:  # a call of oneDNN is one device's: others would send it their arrays
            self._threads = 0
        with onednn.tracing_a_step(self._threads if members == 1 else 0):
            self.traced = self._pure.trace(*args)
        self.mode, self.members, self.keeps, self.cells = mode, members, keeps, len(args[0])
        self.collects = mode == "predict"
        self.convolves = "conv_general_dilated" in compiler.primitives(self.traced)
        self._kind = KINDS.get((mode, self.convolves))
        if self.convolves and not distributed:
            self._use_onednn()
        self._programs: dict = {}  # by what they work on

    def _use_onednn(self):
        """Gives convolutions to oneDNN."""
        closed = with_onednn(self.traced.jaxpr, compiler.cores())
        if closed is self.traced.jaxpr:
            return
        step, results = jaxpr_as_fun(closed), jax.tree.structure(self.traced.out_info)
        self._pure = jax.jit(
            lambda *args: jax.tree.unflatten(results, step(*jax.tree.leaves(args)))
        )
        self._kind = None

    @functools.cached_property  # asked for at each chunk; it reads the whole program
    def loops(self) -> bool:
        """Whether many steps go into one program.

        On the CPU a compiled loop runs its body on one thread and without the fast paths of large
        convolutions (20 times slower) and products (2.5 times): there only steps so small that
        dispatching them would take longer are looped.
        """
        if compiler.platform() != "cpu":
            return True
        return not self.convolves and compiler.work(self.traced) < LOOPED_WORK * self.members

    def _program(self, key, function, args, donate):
        if key not in self._programs:
            where = placement.pinned(args)
            traced = compiler.trace(function, *args, donate=donate, **where)
            self._programs[key] = compiler.compile_program(traced, self._kind)
        return self._programs[key]

    def step(self, values, fixed, data, index=None):
        """Runs one step on a batch, or on the rows `index` of resident data."""
        if index is None and self._distributed:
            data = placement.send_batch(data)
        args = (values, fixed, data) if index is None else (values, fixed, data, index)

        def run(values, fixed, data, index=None):
            return self._pure(values, fixed, data if index is None else _gather(data, index))

        key = None if index is None else _rows(data)
        return self._program(key, run, args, donate=() if self.keeps else (0,))(*args)

    @functools.cached_property
    def lanes(self) -> int:
        """How many batches to have under way at a time, each in a thread; 1 where that is no use.

        A callback of the user's is called for one batch after the other.
        """
        traced = self.traced
        calls = traced.jaxpr.effects or any("callback" in p for p in compiler.primitives(traced))
        alone = self.mode == "train" or self.members > 1 or self.loops or self._distributed
        if alone or calls or compiler.platform() != "cpu":
            return 1
        return min(compiler.cores(), MOST_LANES)

    @functools.cached_property
    def _logs(self):
        return jax.tree.structure(self.traced.out_info[1])

    @functools.cached_property
    def _halves(self) -> Cut:
        return cut(with_onednn(self.traced.jaxpr, self._threads), self.cells)

    def begin(self, values, fixed, data, index=None):
        """Starts what of a step does not wait for the step before, in a thread."""
        halves = self._halves
        args = (halves.unchanged(values), fixed, data) + (() if index is None else (index,))

        def run(values, fixed, data, index=None):
            batch = data if index is None else _gather(data, index)
            return halves.first(*jax.tree.leaves((values, fixed, batch)))

        key = "begin", None if index is None else _rows(data)
        return run_in(self.lanes, self._program(key, run, args, donate=()), *args)

    def finish(self, values, begun):
        """The rest of a step that `begin` started: the new values and the logs."""
        halves = self._halves
        state, carried = halves.changed(values), begun.result()
        if halves.second is None:
            return values, jax.tree.unflatten(self._logs, carried)

        def run(state, carried):
            results = halves.second(*state, *carried)
            return results[: len(state)], jax.tree.unflatten(self._logs, results[len(state) :])

        args = state, carried
        new, logs = self._program("finish", run, args, donate=(0,))(*args)
        return halves.merged(values, new), logs

    def start(self, steps: int):
        """What the loop's results start from: the last step's logs, or all steps' outputs."""
        lead = (steps,) if self.collects else ()
        return jax.tree.map(lambda s: np.zeros(lead + s.shape, s.dtype), self.traced.out_info[1])

    def loop(self, *args):
        """Runs the steps `start` to `stop` of an epoch whose batches are the rows of `order`.

        The arguments are `(values, results, fixed, data, order, start, stop)`. Where the step
        `collects`, `results` gets each step's outputs at its place; else it is the last step's
        logs.
        """
        return self.looped(*args)(*args)

    def looped(self, *args):
        """The program of `loop` for arguments like these."""

        def run(values, results, fixed, data, order, start, stop):
            def body(i, carry):
                values, results = carry
                values, new = self._pure(values, fixed, _gather(data, order[i]))
                new = jax.tree.map(strong, new)
                if self.collects:
                    new = jax.tree.map(lambda r, n: r.at[i].set(n), results, new)
                return values, new

            return jax.lax.fori_loop(start, stop, body, (values, results))

        _, _, _, data, order, *_ = args
        return self._program((len(order), _rows(data)), run, args, donate=(0, 1))


def _threads_of_a_lane() -> int:
    return max(1, compiler.cores() // MOST_LANES)


def _rows(data) -> tuple[int, ...]:
    """How many rows the arrays of resident data have."""
    return tuple(a.shape[0] for a in jax.tree.leaves(data))


def strong(x):
    """The array without JAX's weak type, which a loop's state may not change."""
    return jax.lax.convert_element_type(x, x.dtype) if getattr(x, "weak_type", False) else x


def _gather(data, index):
    batch = jax.tree.map(lambda a: jnp.take(a, index, axis=0, mode="clip"), data)
    return placement.spread(batch)
