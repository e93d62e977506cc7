"""SwapEMAWeights: evaluates with the moving averages of the weights."""

from .callback import Callback
from .learning_rates import plain_optimizers


class SwapEMAWeights(Callback):
    """Lends the model the moving averages of its weights while it is evaluated or predicts.

    Needs an optimizer with `use_ema=True`. Training goes on with the weights themselves.

    Args:
        swap_on_epoch: whether the averages are in place at each epoch's end as well, so that
            callbacks that stand after this one (`ModelCheckpoint`) see and save them.

    Raises:
        ValueError: where no optimizer of the model has `use_ema=True`.

    >>> import hornbill as hb
    >>> optimizer = hb.optimizers.Adam(use_ema=True)
    >>> swap = hb.callbacks.SwapEMAWeights(swap_on_epoch=True)
    """

    def __init__(self, swap_on_epoch: bool = False):
        super().__init__()
        self.swap_on_epoch = swap_on_epoch
        self._own: list | None = None  # `[(variable, its own value)]` while averages are lent

    def set_model(self, model):
        super().set_model(model)
        self._pairs()

    def _pairs(self) -> list:
        """`[(variable, average)]`; none before the optimizer's first step."""
        optimizers = list(plain_optimizers(self.model, self).values())
        using = [o for o in optimizers if o.use_ema]
        if optimizers and not using:
            names = [o.name for o in optimizers]
            raise ValueError(
                "SwapEMAWeights needs an optimizer that keeps averages: pass use_ema=True to it. "
                f"Received: use_ema=False in {names}"
            )
        return [
            (variable, average)
            for o in using
            if o.built
            for variable, average in zip(o._trainable_variables, o._averages, strict=True)
            if average is not None
        ]

    def _lend(self):
        if self._own is None:
            pairs = self._pairs()
            self._own = [(variable, variable.value) for variable, _ in pairs]
            for variable, average in pairs:
                variable.assign(average)

    def _give_back(self):
        for variable, value in self._own or ():
            variable.assign(value)
        self._own = None

    def get_state(self):
        own = None if self._own is None else [value for _, value in self._own]
        return {"own": own}

    def set_state(self, state):
        own = state["own"]
        self._own = None
        if own is not None:
            pairs = zip(self._pairs(), own, strict=True)
            self._own = [(variable, value) for (variable, _), value in pairs]

    def on_train_begin(self, logs=None):
        self._own = None

    def on_train_end(self, logs=None):
        # fit has put the averages into the weights for good.
        self._own = None

    def on_epoch_begin(self, epoch, logs=None):
        self._give_back()

    def on_epoch_end(self, epoch, logs=None):
        if self.swap_on_epoch:
            self._lend()

    def on_test_begin(self, logs=None):
        self._lend()

    def on_test_end(self, logs=None):
        self._give_back()

    def on_predict_begin(self, logs=None):
        self._lend()

    def on_predict_end(self, logs=None):
        self._give_back()
