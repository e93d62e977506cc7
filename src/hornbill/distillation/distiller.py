"""Distiller: the model that trains a student on a teacher's outputs."""

import jax

from ..metrics import Mean
from ..models import Model
from .losses import DistillationLoss


class Distiller(Model):
    """Trains a student on targets and on what a frozen teacher gives for the same inputs.

    The loss is `w * student loss + (1 - w) * sum of weighted distillation losses`. The model's
    outputs, and what `predict` and the metrics see, are the student's. The logs show the parts.
    https://arxiv.org/abs/1503.02531

    Args:
        teacher: a trained model. It is frozen.
        student: the model to train, with the same inputs and outputs.
        distillation_losses: one `DistillationLoss`, or a list of them.
        distillation_loss_weights: a number for each of the list; 1 when None.
        student_loss_weight: `w`, from 0 to 1.
        name: the model's name.

    Raises:
        ValueError: if the two models do not fit together, or the losses do not fit them.

    >>> import hornbill as hb, numpy as np
    >>> def model(units):
    ...     return hb.Sequential([hb.Input((4,)), hb.layers.Dense(units), hb.layers.Dense(3)])
    >>> distiller = hb.distillation.Distiller(
    ...     model(16), model(2), hb.distillation.LogitsDistillation(temperature=3.0)
    ... )
    >>> loss = hb.losses.SparseCategoricalCrossentropy(from_logits=True)
    >>> distiller.compile("adam", loss=loss)
    >>> history = distiller.fit(np.ones((8, 4)), np.zeros(8), verbose=0)
    >>> sorted(history.history)
    ['distillation_loss', 'loss', 'student_loss', 'total_loss']
    """

    def __init__(
        self,
        teacher: Model,
        student: Model,
        distillation_losses,
        distillation_loss_weights=None,
        student_loss_weight: float = 0.5,
        name: str = "distiller",
        **kwargs,
    ):
        super().__init__(name=name, **kwargs)
        _check_models(teacher, student)
        if isinstance(student_loss_weight, bool) or not (
            isinstance(student_loss_weight, (int, float)) and 0 <= student_loss_weight <= 1
        ):
            raise ValueError(
                "Distiller's student_loss_weight is a number from 0 to 1. "
                f"Received: student_loss_weight={student_loss_weight!r}"
            )
        self.student_loss_weight = student_loss_weight
        self.distillation_losses = _as_list(distillation_losses)
        weights = distillation_loss_weights
        weights = [1.0] * len(self.distillation_losses) if weights is None else weights
        weights = list(weights) if isinstance(weights, (list, tuple)) else [weights]
        if len(weights) != len(self.distillation_losses):
            raise ValueError(
                "Distiller takes a weight for each distillation loss. Received: "
                f"distillation_loss_weights={distillation_loss_weights!r} for "
                f"{len(self.distillation_losses)} losses"
            )
        self.distillation_loss_weights = weights
        for loss in self.distillation_losses:
            loss.validate_model_compatibility(teacher, student)
        self.teacher, self.student = teacher, student
        teacher.trainable = False
        self._teacher_features = _features(teacher, "teacher", self.distillation_losses)
        self._student_features = _features(student, "student", self.distillation_losses)
        self.student_loss_tracker = Mean(name="student_loss")
        self.distillation_loss_tracker = Mean(name="distillation_loss")
        self.total_loss_tracker = Mean(name="total_loss")

    # Views on layers of the two models, which own them.
    _untracked = Model._untracked | {"_teacher_features", "_student_features"}

    def compile(self, optimizer="adam", loss=None, metrics=None, **kwargs) -> None:
        """`Model.compile`, with the student's loss as `loss`, which must be given."""
        if loss is None:
            raise ValueError(
                "Distiller.compile needs loss=, the student's loss on the targets. "
                "Received: loss=None"
            )
        super().compile(optimizer=optimizer, loss=loss, metrics=metrics, **kwargs)

    def call(self, inputs, training=None, **kwargs):
        """The student's outputs."""
        return self.student(inputs, training=training, **kwargs)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """The weighted sum of the student's loss and the distillation losses."""
        if y_pred is None:
            y_pred = self(x, training=training)
        weight = self.student_loss_weight
        student_loss = distillation_loss = 0.0
        if weight > 0 and y is not None:
            student_loss = super().compute_loss(x, y, y_pred, sample_weight, training)
        if weight < 1:
            distillation_loss = self._distillation_loss(x, y_pred, training)
        total = weight * student_loss + (1 - weight) * distillation_loss
        self.student_loss_tracker.update_state(student_loss)
        self.distillation_loss_tracker.update_state(distillation_loss)
        self.total_loss_tracker.update_state(total)
        return total

    def _distillation_loss(self, x, y_pred, training):
        teacher, student = {}, {}
        if self._teacher_features is not None:
            teacher = self._teacher_features(x, training=False)
        if self._student_features is not None:
            student = self._student_features(x, training=training)
        student[None] = y_pred
        if any(loss.teacher_layer_name is None for loss in self.distillation_losses):
            teacher[None] = self.teacher(x, training=False)
        total = 0.0
        for loss, weight in zip(
            self.distillation_losses, self.distillation_loss_weights, strict=True
        ):
            given = teacher[loss.teacher_layer_name], student[loss.student_layer_name]
            loss.validate_outputs(*given)
            value = loss.compute_loss(*given)
            if getattr(value, "shape", ()) != ():
                raise ValueError(
                    f"{type(loss).__name__}.compute_loss returns a scalar: reduce it, as in "
                    f"ops.mean(loss). Received: shape {value.shape}"
                )
            total = total + weight * value
        return total


def _as_list(losses) -> list[DistillationLoss]:
    found = list(losses) if isinstance(losses, (list, tuple)) else [losses]
    if not found or not all(isinstance(loss, DistillationLoss) for loss in found):
        raise ValueError(
            "Distiller's distillation_losses is a DistillationLoss, such as LogitsDistillation(), "
            f"or a list of them. Received: distillation_losses={losses!r}"
        )
    return found


def _features(model: Model, who: str, losses) -> Model | None:
    """The model that gives the outputs of the layers that losses ask of this one, by name."""
    names = {getattr(loss, f"{who}_layer_name") for loss in losses} - {None}
    if not names:
        return None
    outputs = {name: model.get_layer(name).output for name in sorted(names)}
    return Model(model.input, outputs, name=f"{model.name}_features")


def _check_models(teacher, student) -> None:
    for who, model in (("teacher", teacher), ("student", student)):
        if not isinstance(model, Model):
            raise ValueError(f"Distiller's {who} is a Model. Received: {who}={model!r}")
    for what in ("inputs", "outputs"):
        of_teacher, of_student = getattr(teacher, what), getattr(student, what)
        if of_teacher is None or of_student is None:
            continue  # a subclassed model's shapes show when it is called
        if len(of_teacher) != len(of_student) or not all(
            jax.tree.map(_alike, of_teacher, of_student)
        ):
            raise ValueError(
                f"Distiller's teacher and student have {what} of the same shapes and dtypes. "
                f"Received: {[(t.shape, t.dtype) for t in of_teacher]} and "
                f"{[(t.shape, t.dtype) for t in of_student]}"
            )


def _alike(a, b) -> bool:
    same = all(m is None or n is None or m == n for m, n in zip(a.shape, b.shape, strict=False))
    return len(a.shape) == len(b.shape) and same and a.dtype == b.dtype
