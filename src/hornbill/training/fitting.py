"""fit: the epochs of a training, with validation and callbacks."""

from ..engine import config
from .data import make_data, split_validation
from .data.arrays import ArrayData
from .data.batches import as_arrays, pack
from .data.make import check_lengths
from .loop import (
    callback_list,
    check_count,
    check_steps,
    check_verbose,
    evaluate_data,
    limited,
    python_epoch_logs,
    require_compiled,
    run_epoch,
    runner_for,
)


def fit(
    model,
    x=None,
    y=None,
    batch_size=None,
    epochs=1,
    verbose="auto",
    callbacks=None,
    validation_split=0.0,
    validation_data=None,
    shuffle=True,
    class_weight=None,
    sample_weight=None,
    initial_epoch=0,
    steps_per_epoch=None,
    validation_steps=None,
    validation_batch_size=None,
    validation_freq=1,
):
    """The body of `Model.fit`."""
    require_compiled(model, "fit")
    check_verbose(verbose)
    epochs = check_count(epochs, "epochs", least=0)
    initial_epoch = check_count(initial_epoch, "initial_epoch", least=0)
    steps_per_epoch = check_steps(steps_per_epoch, "steps_per_epoch")
    if validation_split and validation_data is None:
        (x, y, sample_weight), validation_data = split_validation(
            x, y, sample_weight, validation_split
        )
    data = make_data(
        x,
        y,
        sample_weight,
        batch_size=batch_size,
        steps=steps_per_epoch,
        shuffle=shuffle,
        class_weight=class_weight,
        output_names=model.output_names,
    )
    steps = limited(data.steps if steps_per_epoch is None else steps_per_epoch)
    validation = None
    if validation_data is not None:
        validation = _validation_data(validation_data, validation_batch_size or batch_size)
    callbacks = callback_list(
        model, callbacks, verbose, data, epochs=epochs, steps=steps, history=True
    )
    if config.max_epochs() is not None:
        epochs = min(epochs, initial_epoch + config.max_epochs())
    model.stop_training = False
    runner = runner_for(model, "train")
    reader = model._new_reader(data, steps)
    model._initial_epoch = initial_epoch  # BackupAndRestore may set a later one
    callbacks.call("on_train_begin")
    logs = {}
    for epoch in range(model._initial_epoch, epochs):
        model.reset_metrics()
        callbacks.call("on_epoch_begin", epoch)
        runner.epoch = epoch
        logs, seen = run_epoch(model, runner, reader, callbacks)
        if seen == 0:
            raise ValueError(
                f"The data ended before the first step of epoch {epoch + 1}. A generator is read "
                "once: pass steps_per_epoch, or an iterable that can be started again."
            )
        logs = python_epoch_logs(logs)
        if validation is not None and _validates(epoch, validation_freq):
            values = evaluate_data(model, validation, validation_steps, callbacks)
            logs |= {f"val_{name}": value for name, value in values.items()}
        callbacks.call("on_epoch_end", epoch, logs=logs)
        if model.stop_training:
            break
    if epochs:
        model._end_training()
    callbacks.call("on_train_end", logs=logs)
    return model.history


def _validation_data(validation_data, batch_size):
    if isinstance(validation_data, (tuple, list)) and not hasattr(validation_data, "shape"):
        if len(validation_data) not in (2, 3):
            raise ValueError(
                "validation_data is (x, y), (x, y, sample_weight) or a dataset. "
                f"Received {len(validation_data)} items."
            )
        x, y, sample_weight = (*validation_data, None)[:3]
        x, y = as_arrays(x, "validation x"), as_arrays(y, "validation y")
        sample_weight = as_arrays(sample_weight, "validation sample_weight")
        check_lengths(x=x, y=y, sample_weight=sample_weight)
        return ArrayData(pack(x, y, sample_weight), batch_size or 32)
    return make_data(validation_data)


def _validates(epoch: int, frequency) -> bool:
    if isinstance(frequency, (list, tuple, set)):
        return epoch + 1 in frequency
    return (epoch + 1) % frequency == 0
