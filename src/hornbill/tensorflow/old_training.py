"""How models of Keras 2 were trained: `fit_generator`, `fit(workers=...)`, `Adam(lr=...)`."""

import functools
import inspect
import warnings

import numpy as np

from ..engine.traceback import user_facing
from ..models.model import Model
from ..optimizers.schedules import InverseTimeDecay
from ..training.data.pydataset import PyDataset


def _reading(method):
    """A model's method that also says, as in Keras 2, how its data are read.

    `workers` and `max_queue_size` go to a `Sequence`; `use_multiprocessing=True` gives it threads
    too, since worker processes would run an old script anew. Other data have one reader, which a
    warning says.
    """

    @user_facing
    @functools.wraps(method)
    def call(
        self,
        x=None,
        *args,
        max_queue_size: int = 10,
        workers: int = 1,
        use_multiprocessing: bool = False,
        **kwargs,
    ):
        if isinstance(x, PyDataset):
            # What the script has set on the Sequence itself stays where nothing is said here.
            if workers != 1:
                x.workers = workers
            if max_queue_size != 10:
                x.max_queue_size = max_queue_size
        elif workers > 1 or use_multiprocessing:
            warnings.warn(
                f"{method.__name__} reads {type(x).__name__} data with one worker; several are for "
                "a tf.keras.utils.Sequence. "
                f"Received: workers={workers}, use_multiprocessing={use_multiprocessing}",
                stacklevel=2,
            )
        return method(self, x, *args, **kwargs)

    return call


fit = _reading(Model.fit)
evaluate = _reading(Model.evaluate)
predict = _reading(Model.predict)


def fit_generator(
    self, generator, steps_per_epoch: int | None = None, epochs: int = 1, verbose=1, **kwargs
):
    """`fit`, by its name for generators and Sequences in Keras 2; `kwargs` are `fit`'s."""
    return self.fit(
        generator, steps_per_epoch=steps_per_epoch, epochs=epochs, verbose=verbose, **kwargs
    )


def evaluate_generator(self, generator, steps: int | None = None, verbose=0, **kwargs):
    """`evaluate`, by its name for generators and Sequences in Keras 2."""
    return self.evaluate(generator, steps=steps, verbose=verbose, **kwargs)


def predict_generator(self, generator, steps: int | None = None, verbose=0, **kwargs):
    """`predict`, by its name for generators and Sequences in Keras 2."""
    return self.predict(generator, steps=steps, verbose=verbose, **kwargs)


def predict_classes(self, x, batch_size: int | None = None, verbose=0) -> np.ndarray:
    """The class of each sample, as int32: the greatest output's, or 1 where the only one exceeds
    one half (then in a column, as the output is)."""
    outputs = self.predict(x, batch_size=batch_size, verbose=verbose)
    single = outputs.shape[-1] == 1
    return (outputs > 0.5).astype("int32") if single else outputs.argmax(-1)


def reset_states(self) -> None:
    """Recurrent layers with `stateful=True` start anew."""
    for layer in self._flatten_layers():
        if getattr(layer, "stateful", False):
            layer.reset_state()


METHODS = {
    method.__name__: method
    for method in (
        *(fit, evaluate, predict, fit_generator, evaluate_generator, predict_generator),
        *(predict_classes, reset_states),
    )
}


def optimizer_arguments(cls, args: tuple, kwargs: dict) -> tuple[tuple, dict]:
    """An optimizer's arguments, with Keras 2's `lr` and `decay` as `learning_rate`."""
    if "lr" in kwargs and "learning_rate" not in kwargs and not args:
        kwargs = dict(kwargs)
        kwargs["learning_rate"] = kwargs.pop("lr")
    if "decay" not in kwargs:
        return args, kwargs
    decay = kwargs["decay"]
    kwargs = {name: value for name, value in kwargs.items() if name != "decay"}
    if not decay:
        return args, kwargs
    bound = inspect.signature(cls.__init__).bind_partial(None, *args, **kwargs)
    bound.apply_defaults()
    rate = InverseTimeDecay(bound.arguments["learning_rate"], 1, decay)
    return args[1:], {**kwargs, "learning_rate": rate}


# `optimizer.lr`, read and set.
LEARNING_RATE = property(
    lambda self: self.learning_rate,
    lambda self, value: setattr(self, "learning_rate", value),
    doc="`learning_rate`, by its name in Keras 2.",
)
