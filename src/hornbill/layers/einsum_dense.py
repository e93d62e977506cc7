"""EinsumDense: a dense layer whose product is any einsum of the input and a kernel."""

import re
from typing import NamedTuple

from .. import activations, initializers, ops
from ..initializers import VarianceScaling
from .base import Layer
from .input_spec import InputSpec
from .lora import LoRA, adapted

_EQUATION = re.compile(r"(\.\.\.)?([a-zA-Z]+)(\.\.\.)?,([a-zA-Z]+)->(\.\.\.)?([a-zA-Z]+)(\.\.\.)?")


class EinsumDense(LoRA, Layer):
    """`activation(einsum(equation, x, kernel) + bias)`.

    Args:
        equation: such as `"abc,cd->abd"`; `...` stands for axes left out, at the start or at
            the end of both the input and the output.
        output_shape: the output's shape without the batch and without the axes that `...`
            stands for; None for dimensions that are the input's. An int is a single dimension.
        activation: a name or a function; None is the identity.
        bias_axes: the output's letters that the bias has; None for no bias.
        kernel_initializer, bias_initializer: how the weights start.
        kernel_regularizer, bias_regularizer: penalties on the weights.
        kernel_constraint, bias_constraint: applied to the weights after each update.
        lora_rank, lora_alpha: as if `enable_lora` were called after `build`.
        gptq_unpacked_column_size, quantization_config: must stay None.

    Input and output shape: what the equation says, with the batch first.
    Weights: `kernel`, of the sizes of its letters; `bias`, from the first of `bias_axes` on,
    1 at the letters that are not among them.

    Raises:
        ValueError: if the equation, the output's shape and the bias's axes do not fit together.

    >>> import hornbill as hb
    >>> layer = hb.layers.EinsumDense("abc,cd->abd", output_shape=(None, 8), bias_axes="d")
    >>> layer(hb.ops.ones((2, 5, 3))).shape, layer.kernel.shape
    ((2, 5, 8), (3, 8))
    """

    def __init__(
        self,
        equation: str,
        output_shape,
        activation=None,
        bias_axes: str | None = None,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        gptq_unpacked_column_size=None,
        quantization_config=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.equation, self.bias_axes = equation, bias_axes
        self.partial_output_shape = (
            (output_shape,) if isinstance(output_shape, int) else tuple(output_shape)
        )
        self._parsed = _parse(equation, self.partial_output_shape, bias_axes)
        self.activation = activations.get(activation)
        self.kernel_initializer, self.bias_initializer = kernel_initializer, bias_initializer
        self.kernel_regularizer, self.bias_regularizer = kernel_regularizer, bias_regularizer
        self.kernel_constraint, self.bias_constraint = kernel_constraint, bias_constraint
        if gptq_unpacked_column_size is not None:
            raise ValueError(
                "EinsumDense cannot be quantized: Hornbill has no quantizers. "
                f"Received: gptq_unpacked_column_size={gptq_unpacked_column_size!r}"
            )
        self._set_lora(lora_rank, lora_alpha, quantization_config)

    kernel = adapted("kernel")

    def build(self, input_shape):
        sizes, elided = self._sizes(input_shape)
        _, of_kernel, of_output = self._parsed.letters
        self.kernel = self.add_weight(
            [sizes[c] for c in of_kernel],
            self._fan_aware_initializer(),
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            name="kernel",
        )
        self.bias = None
        if self.bias_axes is not None:
            first = min(of_output.index(c) for c in self.bias_axes)
            shape = [sizes[c] if c in self.bias_axes else 1 for c in of_output[first:]]
            if self._parsed.ellipsis == "right":
                shape += [1] * elided
            self.bias = self.add_weight(
                shape,
                self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
                name="bias",
            )
        self._build_lora()
        self.input_spec = InputSpec(ndim=len(input_shape))

    def call(self, inputs, training=None):
        x = ops.einsum(self.equation, inputs, self.kernel)
        if self.bias is not None:
            x = ops.add(x, self.bias)
        return self.activation(x)

    def _sizes(self, input_shape) -> tuple[dict, int]:
        """The size of each letter, and how many axes the ellipsis stands for."""
        ellipsis = self._parsed.ellipsis
        of_input, _, of_output = self._parsed.letters
        elided = len(input_shape) - len(of_input)
        if elided < 0 or (elided and ellipsis is None):
            raise ValueError(
                f"Layer '{self.path}' with the equation '{self.equation}' takes "
                f"{'at least ' if ellipsis else ''}{len(of_input)} axes. "
                f"Received: input_shape={tuple(input_shape)}"
            )
        batch_elided = ellipsis == "left" and elided > 0
        asked = self.partial_output_shape
        asked = asked if batch_elided else (input_shape[0], *asked)
        if len(asked) != len(of_output):
            raise ValueError(
                f"Layer '{self.path}' with the equation '{self.equation}' and an input of shape "
                f"{tuple(input_shape)} makes the axes '{of_output}', of which output_shape gives "
                f"the sizes{'' if batch_elided else ' but the first'}. "
                f"Received: output_shape={self.partial_output_shape}"
            )
        known = input_shape[elided if ellipsis == "left" else 0 :]
        sizes = dict(zip(of_input, known, strict=False))
        for letter, size in zip(of_output, asked, strict=True):
            given = sizes.get(letter)
            if None not in (size, given) and size != given:
                raise ValueError(
                    f"Layer '{self.path}' with the equation '{self.equation}' was given "
                    f"output_shape={self.partial_output_shape}, which says {size} for axis "
                    f"'{letter}', where the input has {given}. "
                    f"Received: input_shape={tuple(input_shape)}"
                )
            sizes[letter] = given if size is None else size
        return sizes, elided

    def _fan_aware_initializer(self):
        """The kernel's initializer, told which of the kernel's axes are inputs and outputs."""
        initializer = initializers.get(self.kernel_initializer)
        if not isinstance(initializer, VarianceScaling):
            return initializer
        if initializer.input_axes is not None and initializer.output_axes is not None:
            return initializer
        _, of_kernel, of_output = self._parsed.letters
        outputs = [i for i, c in enumerate(of_kernel) if c in of_output]
        inputs = [i for i in range(len(of_kernel)) if i not in outputs]
        # The seed that it drew, so that one initializer object goes on giving the same values.
        axes = {"seed": initializer.seed, "input_axes": inputs, "output_axes": outputs}
        return type(initializer).from_config({**initializer.get_config(), **axes})


class _Parsed(NamedTuple):
    letters: tuple[str, str, str]  # of the input, the kernel and the output
    ellipsis: str | None  # "left", "right" or None


def _parse(equation, output_shape, bias_axes) -> _Parsed:
    def fail(what, received):
        raise ValueError(f"EinsumDense's {what}. Received: {received}")

    found = _EQUATION.fullmatch(equation.replace(" ", "")) if isinstance(equation, str) else None
    dots = (bool(found[1]), bool(found[3])) if found else None
    if not found or dots != (bool(found[5]), bool(found[7])) or dots == (True, True):
        fail(
            "equation has the form 'ab,bc->ac', '...ab,bc->...ac' or 'ab...,bc->ac...'",
            f"equation={equation!r}",
        )
    of_input, of_kernel, of_output = letters = found[2], found[4], found[6]
    for letter in of_output:
        if letter not in of_input + of_kernel:
            fail(
                f"equation makes the axis '{letter}', which neither the input nor the kernel has",
                f"equation={equation!r}",
            )
    for letter in of_kernel:
        if letter not in of_input + of_output:
            fail(
                f"equation gives the kernel an axis '{letter}', which neither the input nor the "
                "output has, so that its size is unknown",
                f"equation={equation!r}",
            )
    if not all(n is None or (isinstance(n, int) and n > 0) for n in output_shape):
        fail("output_shape holds positive ints and None", f"output_shape={output_shape}")
    for letter in bias_axes or ():
        if letter not in of_output:
            fail(
                f"bias_axes are letters of the output '{of_output}'",
                f"bias_axes={bias_axes!r}, equation={equation!r}",
            )
    return _Parsed(letters, "left" if dots[0] else "right" if dots[1] else None)
