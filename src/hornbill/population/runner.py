"""How a population's steps run: those of the members of a group as one, the groups side by side."""

import jax
import jax.numpy as jnp
import numpy as np

from ..engine.dtypes import struct
from ..training.ahead import run_in
from ..training.reader import EpochReader
from ..training.runner import StepRunner, arrays, for_each, hold_interrupts, state_of, store
from .stack import Stack


class StackRunner(StepRunner):
    """Runs one model's step for all members of a group at once, by `jax.vmap`.

    All groups run the same program, in which `members` counts those of one group. In mode
    `"predict"` the results are a list, with the outputs of each group.
    """

    def __init__(self, stack: Stack, mode: str):
        super().__init__(stack.template, mode)
        self.stack, self.groups = stack, range(len(stack.groups))
        self.members = stack.n // len(stack.groups)

    def _note_settings(self):
        super()._note_settings()
        if self.checks:
            raise ValueError(
                "Steps of a population are not checked for NaN: where one member fails, the others "
                "go on. Look for NaN in its history; to find the place, train population[i] with "
                "check_numerics. Switch check_nans and check_numerics off for the population."
            )

    def _build(self, data, each=False):
        shape = slice(1 if each else 0, None)  # a member's
        batch = jax.tree.map(lambda a: struct(a.shape[shape], a.dtype), data)
        self.stack.settle(batch)
        super()._build(batch)

    def _holders(self, variables, group: int = 0):
        return [self.stack.cells(v)[group] for v in variables]

    def _pure(self, cells, fixed, each):
        one = super()._pure(cells, fixed, each)

        def member(values, *rest):
            with self.stack.numbers_from(dict(zip(cells, values, strict=True))):
                return one(values, *rest)

        # Outputs keep the samples first, so that the loop joins batches as always.
        axis = 1 if self.mode == "predict" else 0
        return jax.vmap(member, in_axes=(0, 0, 0 if each else None), out_axes=(0, axis))

    def _program(self, data, index):
        return super()._program(data, self._rows(index, for_each(index))[0])

    def _rows(self, order, each: bool) -> list:
        """The rows of the data that each group works on; `each` if every member has its own."""
        return [order[..., group, :] if each else order for group in self.stack.groups]

    def _trace(self, batch, each=False):
        try:
            program, *_ = super()._trace(batch, each)
        except jax.errors.ConcretizationTypeError as error:
            names = [n for n in self.stack.recipe.numbers if n != "learning_rate"]
            if names:
                raise ValueError(
                    f"{type(self.model.optimizer).__name__}, or the model, decides in Python by a "
                    f"number that differs from member to member. These were given: {names}"
                ) from error
            raise
        groups = range(len(self.stack.groups))
        state = state_of(self.model, self.mode)
        return program, *([self._holders(kind, group) for group in groups] for kind in state)

    def _step(self, program, cells, fixed, data, index):
        step, rows = super()._step, self._rows(index, for_each(index))
        with hold_interrupts():  # until all groups have done it
            groups = zip(cells, fixed, rows, strict=True)
            logs = [step(program, own, read, data, index) for own, read, index in groups]
        return self._joined(logs, jnp.concatenate)

    def run_many(self, data, order, start: int, stop: int, results=None):
        program, cells, fixed = self._program(data, order[0])
        if results is None:
            results = [program.start(len(order)) for _ in cells]
        calls = [
            (arrays(own), result, arrays(read), data, rows, np.int32(start), np.int32(stop))
            for own, result, read, rows in zip(
                cells, results, fixed, self._rows(order, order.ndim == 3), strict=True
            )
        ]
        with hold_interrupts():
            loop = program.looped(*calls[0])  # here: JAX's settings are those of a thread
            done = _side_by_side(loop, calls)
            for own, (new, _) in zip(cells, done, strict=True):
                store(own, new)
        return self._joined([result for _, result in done], np.concatenate)

    def _joined(self, results: list, concatenate):
        """The logs of all members; the outputs stay a list until the last batch is done."""
        if self.mode == "predict":
            return results
        if len(results) == 1:
            return results[0]
        return jax.tree.map(lambda *parts: concatenate(parts), *results)


def _side_by_side(program, calls: list) -> list:
    """What a compiled program returns for each tuple of arguments, in a thread for each."""
    if len(calls) == 1:
        return [program(*calls[0])]
    begun = [run_in(len(calls), program, *args) for args in calls]
    return [future.result() for future in begun]


class StackReader(EpochReader):
    """Gives each member the order of samples that it would draw alone."""

    def __init__(self, data, steps: int | None, randomness: list):
        super().__init__(data, steps)
        self._randomness = randomness
        self._readers = [EpochReader(data, steps) for _ in randomness]

    def draw(self):
        """The next epoch: rows of indices `(steps, members, batch)`, and of the partial batch."""
        if not self.data.shuffle:
            return super().draw()  # one order, and one gathering, for all
        matrices, rests = [], []
        for reader, randomness in zip(self._readers, self._randomness, strict=True):
            with randomness:
                matrix, rest = reader.draw()
            matrices.append(matrix)
            rests.append(rest)
        return np.stack(matrices, axis=1), np.stack(rests) if len(rests[0]) else rests[0]
