"""NaN and infinity in a step: found in the compiled step, explained by running it once more.

A checked step says of its results whether all are finite. If not, they are thrown away, and the
step is run again from the old state operation by operation, with every place looked at.
"""

import jax

from ..engine.numerics import NumericsError, Place, look, watch
from ..engine.scope import StatelessScope
from .data import unpack

CAUSES = {
    "data": "Clean the data, for instance by np.nan_to_num or by leaving those samples out.",
    "layer": "The usual causes are a logarithm, a root or a division at 0, and an overflow.",
    "operation": "The usual causes are a logarithm, a root or a division at 0, and an overflow.",
    "loss": "The layers' outputs were finite: look at the loss's formula, and whether the targets "
    "are in its domain.",
    "gradient": "The loss was finite: look for a derivative that is infinite (a root or a norm at "
    "0), clip the gradients, or lower the learning rate.",
    "old weight": "It was so before this step: load the weights, or make the model, again.",
    "weight": "The gradients were finite: lower the learning rate.",
    "prediction": "The layers' outputs were finite: look at predict_step.",
    "metric": "Everything else was finite: look at how it is computed.",
    "optimizer": "Its state overflowed: clip the gradients, or lower the learning rate.",
}

DOING = {"train": "training", "test": "evaluation", "predict": "prediction"}


def run_watched(model, mode: str, batch, step) -> tuple:
    """Runs `step()` eagerly on the model's state, without changing it.

    Returns:
        `(logs, [(variable, new value)], places, fine)`: the places that held NaN or infinity in
        order, the batch first, then as the step comes to them, what it assigned and its logs last;
        and whether these last ones, the step's results, are all finite.
    """
    with watch() as places:
        parts = zip(("x", "y", "sample_weight"), unpack(batch), strict=True)
        for name, part in parts:
            for path, leaf in jax.tree_util.tree_leaves_with_path(part):
                look("data", name + jax.tree_util.keystr(path), leaf)
        for v in model.variables:
            look("old weight", v.path, v.value)
        with StatelessScope() as scope:
            logs = step()
        before = len(places)
        weights, metrics = set(model.variables), set(model.metrics_variables)
        for variable, value in scope.updates():
            if variable not in metrics:
                look("weight" if variable in weights else "optimizer", variable.path, value)
        if mode == "predict":
            look("prediction", model.name, logs)
        else:
            for name, value in logs.items() if isinstance(logs, dict) else ():
                look("metric", name, value)
    return logs, scope.updates(), places, len(places) == before


def error_of(model, mode: str, places: list[Place], epoch, step) -> NumericsError:
    """The error for a step whose results are not finite."""
    where = f"step {step + 1}" + (f" of epoch {epoch + 1}" if epoch is not None else "")
    text = f"Model '{model.name}': NaN or infinity in {where} of the {DOING[mode]}. "
    if not places:
        text += (
            "It shows in the compiled step alone; run operation by operation, the same step stays "
            "finite, so numbers are at the edge of an overflow."
        )
        return NumericsError(text, None, None, epoch, step)
    data = [p for p in places if p.kind == "data"]
    rest = [p for p in places if p.kind != "data"]
    # An infinity may be meant (a mask before a softmax); a NaN never is.
    first = next((p for p in rest if p.nans), (rest or data)[0])
    cause = data[0] if data else first
    text += f"The {cause} "
    if data and rest:
        text += f"already; then the {first} "
    elif rest[0] is not first:
        text += f"first, after an infinity: the {rest[0]} "
    else:
        text += "first "
    text = f"{text[:-1]}. {CAUSES[cause.kind]} The model is as it was before this step."
    return NumericsError(text, cause.kind, cause.path, epoch, step)
