"""Losses between a teacher's outputs and a student's."""

import jax

from .. import losses, ops
from ..engine.configured import Configured


class DistillationLoss:
    """Base of losses between what a teacher and a student give.

    Subclasses write `compute_loss`, and `get_config` if models with them are to be saved.

    >>> import hornbill as hb
    >>> class Squared(hb.distillation.DistillationLoss):
    ...     def compute_loss(self, teacher_outputs, student_outputs, **kwargs):
    ...         return hb.ops.mean((teacher_outputs - student_outputs) ** 2)
    >>> float(Squared().compute_loss(hb.ops.ones((2, 3)), hb.ops.zeros((2, 3))))
    1.0
    """

    # The layers whose outputs are compared; None for the models' outputs.
    teacher_layer_name: str | None = None
    student_layer_name: str | None = None

    def compute_loss(self, teacher_outputs, student_outputs, **kwargs):
        """The loss, a scalar."""
        raise NotImplementedError(
            f"{type(self).__name__} has no compute_loss(). Write "
            "`def compute_loss(self, teacher_outputs, student_outputs, **kwargs): ...`."
        )

    def validate_outputs(self, teacher_outputs, student_outputs) -> None:
        """Raises a ValueError unless both outputs have the same structure."""
        teacher, student = jax.tree.structure(teacher_outputs), jax.tree.structure(student_outputs)
        if teacher != student:
            raise ValueError(
                f"{type(self).__name__} compares outputs of the same structure. Received: "
                f"teacher_outputs of {teacher}, student_outputs of {student}"
            )

    def validate_model_compatibility(self, teacher, student) -> None:
        """Raises a ValueError unless the loss can be used with these two models."""


class _OutputLosses(Configured, DistillationLoss):
    """A loss for each output, None for outputs that are left out."""

    def _set_loss(self, loss) -> None:
        self.loss = jax.tree.map(losses.get, loss)
        if not jax.tree.leaves(self.loss):
            raise ValueError(
                f"{type(self).__name__}'s loss has at least one loss that is not None. "
                f"Received: loss={loss!r}"
            )

    def validate_outputs(self, teacher_outputs, student_outputs) -> None:
        super().validate_outputs(teacher_outputs, student_outputs)
        self._pairs(teacher_outputs, student_outputs)

    def _pairs(self, teacher_outputs, student_outputs) -> list:
        """`(loss, teacher's output, student's output)` for each output that has a loss."""
        flat, structure = jax.tree.flatten(self.loss, is_leaf=lambda x: x is None)
        try:
            teacher = structure.flatten_up_to(teacher_outputs)
            student = structure.flatten_up_to(student_outputs)
        except ValueError as error:
            raise ValueError(
                f"{type(self).__name__}'s loss has the structure of the outputs. Received: "
                f"loss of {structure}, outputs of {jax.tree.structure(teacher_outputs)}: {error}"
            ) from None
        return [p for p in zip(flat, teacher, student, strict=True) if p[0] is not None]


class LogitsDistillation(_OutputLosses):
    """A loss between the models' outputs, as logits that a temperature softens.

    Logits are divided by the temperature. The Kullback-Leibler divergence is that of their
    softmax, times the squared temperature, so that gradients keep their size
    (https://arxiv.org/abs/1503.02531). Other losses take the divided logits as they are.

    Args:
        temperature: a positive number; the higher, the softer.
        loss: a name, an object or a function of `(teacher, student)`; for several outputs a
            structure of them, with None for outputs that are left out.

    Raises:
        ValueError: if the temperature is not positive, or no loss is given.

    >>> import hornbill as hb
    >>> loss = hb.distillation.LogitsDistillation(temperature=2.0)
    >>> logits = hb.ops.array([[1.0, 3.0]])
    >>> float(loss.compute_loss(logits, logits))
    0.0
    """

    def __init__(self, temperature: float = 3.0, loss="kl_divergence"):
        if isinstance(temperature, bool) or not isinstance(temperature, (int, float)):
            raise ValueError(
                "LogitsDistillation's temperature is a number. "
                f"Received: temperature={temperature!r}"
            )
        if not temperature > 0:
            raise ValueError(
                "LogitsDistillation's temperature is positive. "
                f"Received: temperature={temperature!r}"
            )
        self.temperature = temperature
        self._set_loss(loss)

    def compute_loss(self, teacher_outputs, student_outputs, **kwargs):
        """The sum of the outputs' losses, each a mean over its elements."""
        return sum(self._one(*pair) for pair in self._pairs(teacher_outputs, student_outputs))

    def _one(self, loss, teacher, student):
        teacher, student = teacher / self.temperature, student / self.temperature
        if loss is losses.kl_divergence or isinstance(loss, losses.KLDivergence):
            value = ops.mean(loss(ops.softmax(teacher), ops.softmax(student)))
            return value * self.temperature**2
        return ops.mean(loss(teacher, student))


class FeatureDistillation(_OutputLosses):
    """A loss between the outputs of a teacher's layer and a student's.

    https://arxiv.org/abs/1412.6550

    Args:
        loss: a name, an object or a function of `(teacher, student)`; for a layer with several
            outputs a structure of them, with None for outputs that are left out.
        teacher_layer_name: the teacher's layer; None takes the model's outputs.
        student_layer_name: the student's, likewise.

    Raises:
        ValueError: if no loss is given.

    >>> import hornbill as hb
    >>> loss = hb.distillation.FeatureDistillation("mse")
    >>> float(loss.compute_loss(hb.ops.ones((2, 3)), hb.ops.zeros((2, 3))))
    1.0
    """

    def __init__(
        self,
        loss="mse",
        teacher_layer_name: str | None = None,
        student_layer_name: str | None = None,
    ):
        self.teacher_layer_name = teacher_layer_name
        self.student_layer_name = student_layer_name
        self._set_loss(loss)

    def compute_loss(self, teacher_outputs, student_outputs, **kwargs):
        """The sum of the outputs' losses, each a mean over its elements."""
        pairs = self._pairs(teacher_outputs, student_outputs)
        return sum(ops.mean(loss(teacher, student)) for loss, teacher, student in pairs)

    def validate_model_compatibility(self, teacher, student) -> None:
        """Raises a ValueError unless both models have the layers and a graph to find them in."""
        named = (
            ("teacher", teacher, self.teacher_layer_name),
            ("student", student, self.student_layer_name),
        )
        for who, model, name in named:
            if name is None:
                continue
            if model.inputs is None:
                raise ValueError(
                    f"FeatureDistillation finds layers in functional and Sequential models; the "
                    f"{who} is subclassed. Leave {who}_layer_name out to compare its outputs. "
                    f"Received: {who}_layer_name={name!r}, {who}={model!r}"
                )
            try:
                model.get_layer(name=name)
            except ValueError as error:
                raise ValueError(f"In the {who}: {error}") from None
