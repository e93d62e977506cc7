"""What `compile` recorded: a loss and metrics for each output.

A model's outputs are a tensor or a nested structure. They are flattened once to `Output`s, and
settings (losses, weights, metrics) and targets are matched to them: by path, by name, or in order.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from .. import losses as losses_module
from .. import metrics as metrics_module
from ..engine.beside import get_mask
from ..engine.numerics import look
from ..losses import Loss
from ..metrics import Mean, MeanMetricWrapper, Metric
from .agreement import Labels, check_shapes


class Output(NamedTuple):
    """One tensor of a model's output: its path in the structure, and its name in logs."""

    path: tuple
    name: str | None


def is_nested(x) -> bool:
    """Whether `x` is a list, tuple or dict."""
    return isinstance(x, (list, tuple, dict))


def _paths(structure, path=()):
    if isinstance(structure, dict):
        # In the order of jax.tree, which compiled code gives dicts and output layers are named in.
        for key in sorted(structure):
            yield from _paths(structure[key], (*path, key))
    elif isinstance(structure, (list, tuple)):
        for i, item in enumerate(structure):
            yield from _paths(item, (*path, i))
    else:
        yield path


def outputs_of(y_pred, names=None) -> list[Output]:
    """The outputs in a prediction; `names` are those of a functional model's output layers."""
    paths = list(_paths(y_pred))
    if len(names or ()) != len(paths):
        names = [None] * len(paths)
    found = []
    for path, name in zip(paths, names, strict=True):
        key = "_".join(str(p) for p in path) if isinstance(y_pred, dict) else None
        found.append(Output(path, key or name))
    return found


def pick(structure, path):
    """The part of a nested structure at a path."""
    for key in path:
        structure = structure[key]
    return structure


def _has(structure, path) -> bool:
    for key in path:
        if isinstance(structure, dict) and key in structure:
            structure = structure[key]
        elif isinstance(structure, (list, tuple)) and isinstance(key, int) and key < len(structure):
            structure = structure[key]
        else:
            return False
    return True


def per_output(setting, outputs: list[Output], what: str) -> list:
    """The part of a setting that belongs to each output; None where there is none.

    A setting that is not nested belongs to every output.
    """
    if not is_nested(setting):
        return [setting] * len(outputs)
    if len(outputs) == 1 and not isinstance(setting, dict):
        return [list(setting)]
    if isinstance(setting, dict):
        if any(_has(setting, o.path) for o in outputs if o.path):
            return [pick(setting, o.path) if _has(setting, o.path) else None for o in outputs]
        known = [o.name for o in outputs]
        unknown = [k for k in setting if k not in known]
        if unknown:
            raise ValueError(
                f"compile({what}=...) names outputs that the model does not have: {unknown}. "
                f"Its outputs are: {known}."
            )
        return [setting.get(name) for name in known]
    if len(setting) == len(outputs):
        return list(setting)
    if all(_has(setting, o.path) for o in outputs):
        return [pick(setting, o.path) for o in outputs]
    raise ValueError(
        f"compile({what}=...) has {len(setting)} entries for a model with {len(outputs)} outputs. "
        f"Give one for each output, in order, or a dict by name: {[o.name for o in outputs]}. "
        f"Received: {what}={setting!r}"
    )


def targets_for(y, outputs: list[Output], wanted: list[bool], what: str = "y") -> list:
    """The targets of each output, None for the outputs that want none."""
    if len(outputs) == 1:
        leaves = jax.tree.leaves(y)
        if len(leaves) != 1:
            raise ValueError(
                f"The model has one output, but {what} holds {len(leaves)} arrays. "
                + ("Pass targets to fit, or compile without a loss." if not leaves else "")
            )
        return leaves
    if isinstance(y, dict):
        by_name = [y.get(o.name) if o.name in y else None for o in outputs]
        by_path = [pick(y, o.path) if _has(y, o.path) else None for o in outputs]
        found = [a if a is not None else b for a, b in zip(by_name, by_path, strict=True)]
    elif isinstance(y, (list, tuple)) and all(_has(y, o.path) for o in outputs):
        found = [pick(y, o.path) for o in outputs]
    else:
        leaves = jax.tree.leaves(y)
        if len(leaves) == len(outputs):
            found = leaves
        elif len(leaves) == sum(wanted):
            rest = iter(leaves)
            found = [next(rest) if w else None for w in wanted]
        else:
            raise ValueError(
                f"The model has {len(outputs)} outputs ({[o.name for o in outputs]}), but {what} "
                f"holds {len(leaves)} arrays. Pass a list in that order, or a dict by these names."
            )
    missing = [o.name for o, w, f in zip(outputs, wanted, found, strict=True) if w and f is None]
    if missing:
        have = sorted(map(str, y)) if isinstance(y, dict) else f"{len(jax.tree.leaves(y))} arrays"
        raise ValueError(
            f"{what} lacks targets for the outputs {missing}, for which compile() set a loss. "
            f"Received: {have}"
        )
    return found


def weights_for(sample_weight, outputs: list[Output]) -> list:
    """The sample weights of each output; one array serves all."""
    if sample_weight is None or not is_nested(sample_weight):
        return [sample_weight] * len(outputs)
    listed = isinstance(sample_weight, (list, tuple))
    if listed and len(sample_weight) == len(outputs) and not any(map(is_nested, sample_weight)):
        return list(sample_weight)  # None stands for no weights
    leaves = jax.tree.leaves(sample_weight)
    if len(leaves) == 1 and listed:
        return leaves * len(outputs)
    if isinstance(sample_weight, dict):
        return [
            sample_weight.get(o.name)
            if o.name in sample_weight
            else (pick(sample_weight, o.path) if _has(sample_weight, o.path) else None)
            for o in outputs
        ]
    return targets_for(sample_weight, outputs, [False] * len(outputs), "sample_weight")


def _task(y_true, y_pred) -> str:
    """Which accuracy or cross-entropy suits: binary, sparse or categorical."""
    if y_pred.shape and y_pred.shape[-1] == 1:
        return "binary"
    fewer = len(y_true.shape) < len(y_pred.shape)
    one_column = bool(y_true.shape) and y_true.shape[-1] == 1 and y_pred.shape[-1] > 1
    return "sparse_categorical" if fewer or one_column else "categorical"


def make_loss(identifier, y_true, y_pred) -> Loss:
    """The Loss that a user means by a string, a function or an object."""
    if isinstance(identifier, str) and identifier.lower() in ("crossentropy", "ce"):
        identifier = f"{_task(y_true, y_pred)}_crossentropy"
    loss = losses_module.get(identifier)
    if isinstance(loss, Loss):
        return loss
    name = identifier if isinstance(identifier, str) else getattr(loss, "__name__", "loss")
    return losses_module.LossFunctionWrapper(loss, name=name)


def make_metric(identifier, y_true, y_pred) -> Metric:
    """The Metric that a user means by a string, a function or an object."""
    if isinstance(identifier, Metric):
        return identifier
    if isinstance(identifier, str) and identifier.lower() in ("accuracy", "acc"):
        task = _task(y_true, y_pred)
        classes = {
            "binary": metrics_module.BinaryAccuracy,
            "sparse_categorical": metrics_module.SparseCategoricalAccuracy,
            "categorical": metrics_module.CategoricalAccuracy,
        }
        return classes[task](name=identifier)
    if isinstance(identifier, str) and identifier.lower() in ("crossentropy", "ce"):
        identifier = f"{_task(y_true, y_pred)}_crossentropy"
    metric = metrics_module.get(identifier)
    name = identifier if isinstance(identifier, str) else getattr(metric, "__name__", None)
    if not isinstance(metric, Metric):
        metric = MeanMetricWrapper(metric, name=name)
    if isinstance(identifier, str):
        metric.name = identifier
    return metric


class CompiledLoss(NamedTuple):
    """The loss of one output: `index` is the output's place, `tracker` its Mean in the logs."""

    index: int
    loss: Loss
    weight: Any
    tracker: Mean | None


class CompileLoss:
    """The losses of all outputs, resolved at the first batch.

    Args:
        loss: what `compile` got: one loss, or a list or dict of them.
        loss_weights: factors for the sum of the losses, in the form of `loss`.
        output_names: the names of a functional model's outputs.
    """

    def __init__(self, loss, loss_weights=None, output_names=None):
        self.user_loss, self.user_weights = loss, loss_weights
        self.output_names = output_names
        self.entries: list[CompiledLoss] | None = None
        # What the last call saw: the outputs, and the labels that some of them take.
        self._outputs: list[Output] = []
        self.labels: dict[int, Labels] = {}

    @property
    def metrics(self) -> list[Metric]:
        return [e.tracker for e in self.entries or () if e.tracker is not None]

    def resolve(self, y_true, y_pred) -> None:
        outputs = outputs_of(y_pred, self.output_names)
        settings = per_output(self.user_loss, outputs, "loss")
        weights = self.user_weights
        if weights is None or not is_nested(weights):
            weights = [weights] * len(outputs)
        else:
            weights = per_output(weights, outputs, "loss_weights")
        targets = targets_for(y_true, outputs, [s is not None for s in settings])
        predictions = [pick(y_pred, o.path) for o in outputs]
        found = []
        for i, setting in enumerate(settings):
            several = setting if isinstance(setting, (list, tuple)) else [setting]
            factors = weights[i] if isinstance(weights[i], (list, tuple)) else [weights[i]]
            if len(factors) == 1:
                factors = list(factors) * len(several)
            for one, factor in zip(several, factors, strict=True):
                if one is not None:
                    found.append((i, make_loss(one, targets[i], predictions[i]), factor))
        entries = []
        for i, loss, factor in found:
            tracker = None
            if len(found) > 1:
                tracker = Mean(name=f"{_loss_name(outputs[i], loss)}_loss")
            entries.append(CompiledLoss(i, loss, factor, tracker))
        self.entries = entries

    def check_labels(self, y_true, sample_weight=None) -> None:
        """Refuses targets of sparse losses that are no class indices, once a step was traced."""
        if self.labels:
            wanted = [i in self.labels for i in range(len(self._outputs))]
            targets = targets_for(y_true, self._outputs, wanted)
            weights = weights_for(sample_weight, self._outputs)
            for i, labels in self.labels.items():
                labels.check(targets[i], weights[i])

    def __call__(self, y_true, y_pred, sample_weight=None):
        """The weighted sum of the losses, a scalar; None when no output has a loss."""
        if y_true is None:
            raise ValueError(
                "compile(loss=...) needs targets to compare with, and there are none. Pass y to "
                "fit (or a dataset that yields (x, y)), or use add_loss / compute_loss instead of "
                "`loss`."
            )
        if self.entries is None:
            self.resolve(y_true, y_pred)
        outputs = outputs_of(y_pred, self.output_names)
        used = {e.index for e in self.entries}
        targets = targets_for(y_true, outputs, [i in used for i in range(len(outputs))])
        self._outputs = outputs
        weights = weights_for(sample_weight, outputs)
        total = None
        for entry in self.entries:
            output, y = outputs[entry.index], targets[entry.index]
            y_p = pick(y_pred, output.path)
            check_shapes(entry.loss, output.name, y, y_p)
            labels = Labels.of(entry.loss, output.name, y_p)
            if labels is not None and get_mask(y_p) is None:
                self.labels[entry.index] = labels
                if not isinstance(y, jax.core.Tracer):
                    labels.check(y, weights[entry.index])
            value = entry.loss(y, y_p, sample_weight=weights[entry.index])
            if jnp.shape(value) != ():
                raise ValueError(
                    f"The loss '{entry.loss.name}' gave shape {jnp.shape(value)} instead of a "
                    "scalar: with reduction=None nothing is left to minimize. Use "
                    "reduction='sum_over_batch_size'."
                )
            look("loss", entry.loss.name, value)
            if entry.tracker is not None:
                entry.tracker.update_state(value, sample_weight=y_p.shape[0])
            if entry.weight is not None:
                value = value * entry.weight
            total = value if total is None else total + value
        return total


def _loss_name(output: Output, loss: Loss) -> str:
    if output.name is not None:
        return output.name
    return "_".join(str(p) for p in output.path) or loss.name


class OutputMetric(Metric):
    """A metric of one output of several: takes all targets and predictions, looks at its own."""

    def __init__(self, metric: Metric, index: int, name: str, weighted: bool, wanted, output_names):
        self.name, self.metric, self.index = name, metric, index
        self.weighted, self.wanted, self.output_names = weighted, wanted, output_names
        self.several = False

    @property
    def variables(self):
        return self.metric.variables

    def update_state(self, y_true, y_pred, sample_weight=None):
        outputs = outputs_of(y_pred, self.output_names)
        targets = targets_for(y_true, outputs, self.wanted)
        y_p = pick(y_pred, outputs[self.index].path)
        name = self.name if self.several else None
        check_shapes(self.metric, name and outputs[self.index].name, targets[self.index], y_p)
        weight = weights_for(sample_weight, outputs)[self.index] if self.weighted else None
        self.metric.update_state(targets[self.index], y_p, sample_weight=weight)

    def result(self):
        return self.metric.result()

    def reset_state(self):
        self.metric.reset_state()


class CompileMetrics:
    """The metrics of all outputs, resolved at the first batch.

    Args:
        metrics, weighted_metrics: what `compile` got.
        output_names: the names of a functional model's outputs.
        loss: what `compile` got: outputs that have one have targets, where `y` is not for all.
    """

    def __init__(self, metrics, weighted_metrics, output_names=None, loss=None):
        for name, value in (("metrics", metrics), ("weighted_metrics", weighted_metrics)):
            if value is not None and not is_nested(value):
                raise ValueError(
                    f"compile({name}=...) takes a list, or a dict by output, for instance "
                    f"{name}=['accuracy']. Received: {name}={value!r}"
                )
        self.user_metrics, self.user_weighted = metrics, weighted_metrics
        self.output_names, self.loss = output_names, loss
        self.entries: list[OutputMetric] | None = None

    @property
    def metrics(self) -> list[Metric]:
        """The metrics as users see them: with one output, the very objects they passed."""
        return [e if e.several else e.metric for e in self.entries or ()]

    def results(self) -> dict:
        """`{name in logs: value}`; a metric that gives a dict gives its entries."""
        found = {}
        for entry in self.entries or ():
            value = entry.result()
            found.update(value if isinstance(value, dict) else {entry.name: value})
        return found

    def resolve(self, y_true, y_pred) -> None:
        if not (self.user_metrics or self.user_weighted):
            self.entries = []
            return
        outputs = outputs_of(y_pred, self.output_names)
        settings = []
        for what, setting in (
            ("metrics", self.user_metrics),
            ("weighted_metrics", self.user_weighted),
        ):
            # Whatever form the setting has, it can only mean the one output.
            one = len(outputs) == 1
            parts = [_leaves(setting)] if one else per_output(setting or None, outputs, what)
            settings.append((what, parts))
        if self.loss is None:
            wanted = [any(_leaves(parts[i]) for _, parts in settings) for i in range(len(outputs))]
        else:
            wanted = [part is not None for part in per_output(self.loss, outputs, "loss")]
        targets = targets_for(y_true, outputs, wanted)
        names: dict[str, int] = {}
        found = []
        for what, parts in settings:
            weighted = what == "weighted_metrics"
            for i, (output, part) in enumerate(zip(outputs, parts, strict=True)):
                for one in _leaves(part):
                    y_p = pick(y_pred, output.path)
                    if targets[i] is None:
                        raise ValueError(
                            f"compile({what}=...) sets a metric for output '{output.name}', but y "
                            "has no targets for it."
                        )
                    metric = make_metric(one, targets[i], y_p)
                    prefix = f"{output.name}_" if len(outputs) > 1 and output.name else ""
                    name = prefix + metric.name
                    if (
                        name in names
                        and weighted
                        and f"{prefix}weighted_{metric.name}" not in names
                    ):
                        name = f"{prefix}weighted_{metric.name}"
                    if name in names:
                        name, first = f"{name}_{names[name]}", name
                        names[first] += 1
                    names[name] = names.get(name, 0) + 1
                    found.append(OutputMetric(metric, i, name, weighted, wanted, self.output_names))
        for entry in found:
            entry.several = len(outputs) > 1
        self.entries = found

    def update_state(self, y_true, y_pred, sample_weight=None) -> None:
        if not (self.user_metrics or self.user_weighted):
            return
        if y_true is None:
            raise ValueError(
                "compile(metrics=...) needs targets to compare with, and there are none. Pass y."
            )
        if self.entries is None:
            self.resolve(y_true, y_pred)
        for entry in self.entries:
            entry.update_state(y_true, y_pred, sample_weight=sample_weight)


def _leaves(setting) -> list:
    if setting is None:
        return []
    if isinstance(setting, dict):
        return [x for value in setting.values() for x in _leaves(value)]
    if isinstance(setting, (list, tuple)):
        return [x for value in setting for x in _leaves(value)]
    return [setting]
