"""The train, test and predict steps, as a user reads and overrides them.

They are the bodies of `Model`'s methods of these names: plain code over Variables that runs eagerly
as it stands. `runner.py` runs whichever the model has (the user's or these) as a compiled program.
"""

import functools
import inspect

from ..engine.beside import keep_logits
from ..engine.gradients import value_and_grad
from ..engine.numerics import look
from .data import unpack
from .data.batches import batch_size_of


def usual(method):
    """Marks a `Model` method as the library's own, which a user's class may override."""
    method.usual = True
    return method


def train_step(model, data):
    """One update: forward, loss, gradients, optimizer, metrics. Returns the logs."""
    x, y, sample_weight = unpack(data)
    optimizer = model.optimizer

    def loss_fn():
        loss, y_pred = forward_and_loss(model, x, y, sample_weight, training=True)
        scaled = loss if optimizer is None else optimizer.scale_loss(loss)
        return scaled, (loss, y_pred)

    variables = model.trainable_variables
    if variables:
        (_, (loss, y_pred)), gradients = value_and_grad(loss_fn, variables, has_aux=True)
        track_loss(model, loss, x, y)
        optimizer.apply(gradients, variables)
    else:
        _, (loss, y_pred) = loss_fn()
        track_loss(model, loss, x, y)
    return model.compute_metrics(x, y, y_pred, sample_weight)


def test_step(model, data):
    """The loss and metrics of one batch, without an update. Returns the logs."""
    x, y, sample_weight = unpack(data)
    loss, y_pred = forward_and_loss(model, x, y, sample_weight, training=False)
    track_loss(model, loss, x, y)
    return model.compute_metrics(x, y, y_pred, sample_weight)


def predict_step(model, data):
    """The predictions for one batch."""
    x, _, _ = unpack(data)
    return forward(model, x, training=False)


def forward_and_loss(model, x, y, sample_weight, training: bool):
    """The loss and the predictions; a cross-entropy sees the logits behind a last softmax."""
    with keep_logits():
        y_pred = forward(model, x, training)
        return compute_loss(model, x, y, y_pred, sample_weight, training), y_pred


def forward(model, x, training: bool):
    """`model(x)`, with `training` for it and for the layers inside."""
    return model(x, training=training)


def compute_loss(model, x, y, y_pred, sample_weight, training):
    """The model's `compute_loss`, also where a user's override takes no `training`."""
    kwargs = {"training": training} if _takes_training(type(model).compute_loss) else {}
    return model.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, **kwargs)


@functools.cache
def _takes_training(function) -> bool:
    parameters = inspect.signature(function).parameters.values()
    return any(p.name == "training" or p.kind is p.VAR_KEYWORD for p in parameters)


def track_loss(model, loss, x, y) -> None:
    """Adds a batch's loss to the mean that the logs show, weighted by the batch's size."""
    look("loss", "total", loss)
    if model._loss_tracker is not None:
        size = batch_size_of(x) or batch_size_of(y) or 1
        model._loss_tracker.update_state(loss, sample_weight=size)
