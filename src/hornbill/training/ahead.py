"""A step cut in two: what does not wait for the step before, and what does.

Nothing but sums of metrics goes from one step of `evaluate` or `predict` to the next. The rest of
a batch's work, the model itself, can run beside that of the batch before. On the CPU that fills
the cores: of two, an LSTM alone keeps one busy, and a small dense model one and a half.
"""

import concurrent.futures
import dataclasses
import functools
import itertools
from collections.abc import Callable

import jax
from jax.extend.core import ClosedJaxpr, Var, jaxpr_as_fun


@dataclasses.dataclass(frozen=True)
class Cut:
    """The two halves of a step `(*state, *inputs) -> [*state, *results]`.

    Attributes:
        first: `(*unchanged state, *inputs) -> carried`.
        second: `(*changed state, *carried) -> [*changed state, *results]`. It is not needed where
            steps change nothing: what is carried are the results then.
        changes: of each part of the state, whether steps change it.
    """

    first: Callable
    second: Callable
    changes: list[bool]

    def changed(self, state) -> list:
        return list(itertools.compress(state, self.changes))

    def unchanged(self, state) -> list:
        return [part for part, changes in zip(state, self.changes, strict=True) if not changes]

    def merged(self, state, new) -> list:
        """The state after a step, from that before it and the new changed parts."""
        new = iter(new)
        return [
            next(new) if changes else part
            for part, changes in zip(state, self.changes, strict=True)
        ]


def cut(closed: ClosedJaxpr, count: int) -> Cut:
    """Cuts a traced step, the first `count` of whose arguments and results are the state."""
    jaxpr = closed.jaxpr
    before, after = jaxpr.invars[:count], jaxpr.outvars[:count]
    halves = Cut(None, None, [new is not old for new, old in zip(after, before, strict=True)])
    state = halves.changed(before)
    late, first, second = set(state), [], []
    for equation in jaxpr.eqns:
        if late.isdisjoint(_variables(equation.invars)):
            first.append(equation)
        else:
            second.append(equation)
            late.update(equation.outvars)
    results = [*halves.changed(after), *jaxpr.outvars[count:]]
    read = [v for equation in second for v in equation.invars] + results
    carried = [v for v in dict.fromkeys(_variables(read)) if v not in late]
    if not any(halves.changes):
        carried = results
    inputs = [*halves.unchanged(before), *jaxpr.invars[count:]]

    def function(consts, **parts):
        return jaxpr_as_fun(ClosedJaxpr(jaxpr.replace(**parts), consts))

    return dataclasses.replace(
        halves,
        first=function(closed.consts, invars=inputs, outvars=carried, eqns=first),
        second=function([], constvars=[], invars=[*state, *carried], outvars=results, eqns=second),
    )


def _variables(atoms) -> list[Var]:
    return [v for v in atoms if isinstance(v, Var)]


@functools.cache
def workers(count: int) -> concurrent.futures.ThreadPoolExecutor:
    """Threads in which compiled programs run: those leave Python's lock alone while they do."""
    return concurrent.futures.ThreadPoolExecutor(count, "hornbill")


def run_in(pool, program, *args) -> concurrent.futures.Future:
    """Runs a compiled program in a thread; the future has its results when they are there."""
    return pool.submit(lambda: jax.block_until_ready(program(*args)))
