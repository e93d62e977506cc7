"""The learning rates of a model, however many optimizers hold them."""

from .callback import Callback


def plain_optimizers(model, callback: Callback) -> dict:
    """`{name of the learning rate in logs: optimizer}`.

    Loss scaling is looked through, and a `MultiOptimizer` has an entry for each of its own.
    """
    optimizer = getattr(model.optimizer, "inner_optimizer", model.optimizer)
    if optimizer is None:
        raise ValueError(
            f"{type(callback).__name__} works on the optimizer of model '{model.name}', which has "
            "none. Call model.compile(optimizer=...) first."
        )
    if hasattr(optimizer, "optimizers"):
        return {f"learning_rate_{o.name}": o for o in optimizer.optimizers}
    return {"learning_rate": optimizer}


def log_learning_rates(optimizers: dict, logs: dict | None) -> None:
    """Adds the present learning rates to the logs."""
    if logs is not None:
        logs |= {name: float(o.learning_rate) for name, o in optimizers.items()}


def label(name: str) -> str:
    """How messages call a learning rate: by its optimizer's name where there are several."""
    return f"{name.removeprefix('learning_rate')} learning rate".removeprefix("_").strip()
