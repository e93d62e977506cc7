"""What is exported: a function of arrays, with the weights it reads and the shapes it takes."""

from collections.abc import Callable
from typing import NamedTuple

import jax

from ..engine.scope import StatelessScope
from .signature import signature_of, symbolic


class Program(NamedTuple):
    """A function to export.

    Attributes:
        name: what it is called in the file.
        function: the function of the arguments, which reads variables.
        variables: the variables whose values go into the file.
        signature: a structure of `InputSpec` for each argument.
    """

    name: str
    function: Callable
    variables: list
    signature: list

    @property
    def arguments(self) -> list:
        """The signature as `jax.ShapeDtypeStruct`s, with a symbol for each open dimension."""
        return symbolic(self.signature)

    @property
    def values(self) -> list:
        """The variables' values as they are now."""
        return [variable.value for variable in self.variables]

    def pure(self, values, *args):
        """The function of the variables' values and the arguments."""
        with StatelessScope(zip(self.variables, values, strict=True)):
            return self.function(*args)

    def closed(self) -> Callable:
        """The function of the arguments alone; the values of now are part of it."""
        values = self.values
        return lambda *args: self.pure(values, *args)

    def describe(self) -> str:
        """The arguments in words, such as `['float32[b, 2]']`."""
        words = jax.tree.map(lambda a: f"{a.dtype}[{', '.join(map(str, a.shape))}]", self.arguments)
        return str(words)


def program_of(layer, input_signature=None, name: str = "serve") -> Program:
    """A model's or layer's inference.

    Raises:
        ValueError: if it has no weights yet, or does not know what it takes.
        TypeError: if `input_signature` holds something else than specs, tensors and arrays.
    """
    if not layer.built:
        raise ValueError(
            f"Model '{layer.name}' must be built before it is exported. Call it on data, or build "
            "it with model.build(input_shape)."
        )

    def inference(*args):
        return layer(*args, training=False)

    signature = signature_of(layer, input_signature)
    return Program(name, inference, list(layer.variables), signature)
