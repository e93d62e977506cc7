"""fit: the epochs of a training, with validation and callbacks."""

from ..engine import config
from .data import make_data, split_validation
from .data.arrays import ArrayData
from .data.batches import as_arrays, inputs_of, pack
from .data.make import check_lengths
from .dry_run import undone
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
from .resume import Plan, Run, as_checkpoint, as_seconds, check_positive


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
    *,
    checkpoint=None,
    max_time=None,
    max_steps=None,
    dry_run=False,
):
    """The body of `Model.fit`."""
    require_compiled(model, "fit")
    checkpoint, max_seconds = as_checkpoint(checkpoint), as_seconds(max_time)
    check_positive("fit's", int, max_steps=max_steps)
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
        model=model,
    )
    validation = None
    if validation_data is not None:
        validation = _validation_data(model, validation_data, validation_batch_size or batch_size)
    if config.max_epochs() is not None:
        epochs = min(epochs, initial_epoch + config.max_epochs())
    plan = Plan(epochs, initial_epoch, validation, validation_steps, validation_freq)
    if dry_run:
        plan = plan._replace(epochs=initial_epoch + 1, validation_steps=1, validation_freq=1)
        with undone(model, callbacks, data, validation) as reader:
            callbacks = callback_list(
                model, callbacks, verbose, data, epochs=1, steps=1, history=True
            )
            return _train(Run(model, callbacks, reader, plan), plan)
    steps = limited(data.steps if steps_per_epoch is None else steps_per_epoch)
    callbacks = callback_list(
        model, callbacks, verbose, data, epochs=epochs, steps=steps, history=True
    )
    run = Run(model, callbacks, model._new_reader(data, steps), plan)
    run.checkpoint, run.max_steps, run.max_seconds = checkpoint, max_steps, max_seconds
    return _train(run, plan)


def _train(run: Run, plan: Plan):
    """Runs the epochs. Returns the history."""
    model, callbacks, runner = run.model, run.callbacks, runner_for(run.model, "train")
    model.stop_training = False
    model._initial_epoch = plan.initial_epoch
    with run:
        run.resume()
        callbacks.call("on_train_begin")
        run.put_back()
        if not run.resumed:
            run.epoch = model._initial_epoch  # BackupAndRestore may have set a later one
        while run.goes_on():
            model.reset_metrics()
            callbacks.call("on_epoch_begin", run.epoch)
            run.begin_epoch()
            runner.epoch = run.epoch
            logs, seen = run_epoch(model, runner, run.reader, callbacks, run)
            if seen == 0:
                raise ValueError(
                    f"The data ended before the first step of epoch {run.epoch + 1}. A generator "
                    "is read once: pass steps_per_epoch, or an iterable that can be started again."
                )
            logs = python_epoch_logs(logs)
            if plan.validates(run.epoch):
                pulse = run.validation_pulse(logs)
                values = evaluate_data(
                    model, plan.validation, plan.validation_steps, callbacks, pulse
                )
                logs |= {f"val_{name}": value for name, value in values.items()}
            callbacks.call("on_epoch_end", run.epoch, logs=logs)
            run.end_epoch(logs)
        if plan.epochs:
            model._end_training()
        callbacks.call("on_train_end", logs=run.logs)
    return model.history


def _validation_data(model, validation_data, batch_size):
    if isinstance(validation_data, (tuple, list)) and not hasattr(validation_data, "shape"):
        if len(validation_data) not in (2, 3):
            raise ValueError(
                "validation_data is (x, y), (x, y, sample_weight) or a dataset. "
                f"Received {len(validation_data)} items."
            )
        x, y, sample_weight = (*validation_data, None)[:3]
        encode = getattr(model, "_encode_text", None)
        x, y = inputs_of(x, encode, "validation x"), as_arrays(y, "validation y")
        sample_weight = as_arrays(sample_weight, "validation sample_weight")
        check_lengths(x=x, y=y, sample_weight=sample_weight)
        return ArrayData(pack(x, y, sample_weight), batch_size or 32)
    return make_data(validation_data, model=model)
