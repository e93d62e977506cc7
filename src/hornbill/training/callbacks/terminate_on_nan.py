"""TerminateOnNaN: ends the training when the loss is no number any more."""

import math

from .callback import Callback, announce, at_chunk_ends


class TerminateOnNaN(Callback):
    """Ends the training when the loss is NaN or infinite.

    The loss in the logs is the mean over the epoch's batches so far, which stays NaN once it is.
    So it is enough to look at it now and then: training goes on in chunks of steps.

    Args:
        raise_error: whether to raise a `RuntimeError`, instead of ending `fit` early.

    >>> import hornbill as hb
    >>> guard = hb.callbacks.TerminateOnNaN()
    """

    def __init__(self, raise_error: bool = False):
        super().__init__()
        self.raise_error = raise_error

    @at_chunk_ends
    def on_batch_end(self, batch, logs=None):
        loss = (logs or {}).get("loss")
        if loss is None or math.isfinite(loss):
            return
        if self.raise_error:
            raise RuntimeError(
                f"The loss is {loss} at batch {batch}. Lower the learning rate, clip the gradients "
                "(clipnorm=1.0), or look for NaN in the data."
            )
        announce(f"Batch {batch}: the loss is {loss}, training ends.")
        self.model.stop_training = True
