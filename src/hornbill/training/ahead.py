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
        second: `(*changed state, *carried) -> [*changed state, *results]`. None where steps change
            nothing: what is carried are the results then.
        changes: of each part of the state, whether steps change it.
    """

    first: Callable
    second: Callable | None
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
    changes = [new is not old for new, old in zip(after, before, strict=True)]
    state = list(itertools.compress(before, changes))
    inputs = [v for v in jaxpr.invars if v not in state]
    results = [*itertools.compress(after, changes), *jaxpr.outvars[count:]]

    def function(consts, **parts):
        return jaxpr_as_fun(ClosedJaxpr(jaxpr.replace(**parts), consts))

    if not state:
        return Cut(function(closed.consts, invars=inputs, outvars=results), None, changes)
    late, first, second = set(state), [], []
    for equation in jaxpr.eqns:
        if late.isdisjoint(_variables(equation.invars)):
            first.append(equation)
        else:
            second.append(equation)
            late.update(equation.outvars)
    read = [v for equation in second for v in equation.invars] + results
    carried = [v for v in dict.fromkeys(_variables(read)) if v not in late]
    return Cut(
        function(closed.consts, invars=inputs, outvars=carried, eqns=first),
        function([], constvars=[], invars=[*state, *carried], outvars=results, eqns=second),
        changes,
    )


def _variables(atoms) -> list[Var]:
    return [v for v in atoms if isinstance(v, Var)]


@functools.cache
def _workers(count: int) -> concurrent.futures.ThreadPoolExecutor:
    return concurrent.futures.ThreadPoolExecutor(count, "hornbill")


def run_in(threads: int, program, *args) -> concurrent.futures.Future:
    """Runs a compiled program in one of so many threads; the future has its results when done.

    A program leaves Python's lock alone while it runs.
    """
    return _workers(threads).submit(lambda: jax.block_until_ready(program(*args)))
