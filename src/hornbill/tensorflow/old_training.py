"""How models of Keras 2 were trained: `fit_generator` and kin, and `fit(workers=...)`."""

import functools
import warnings

from ..engine.traceback import user_facing
from ..models.model import Model
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


METHODS = {
    method.__name__: method
    for method in (fit, evaluate, predict, fit_generator, evaluate_generator, predict_generator)
}
