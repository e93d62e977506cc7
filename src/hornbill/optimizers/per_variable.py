"""Options that hold for some variables: weight decay left out, learning rates scaled."""

import re

from .options import is_number


class PerVariable:
    """The part of Optimizer that treats some variables otherwise than the rest."""

    def __init__(self):
        self._undecayed, self._undecayed_names = set(), None
        self._rate_factors: dict | list = {}

    def exclude_from_weight_decay(self, var_list=None, var_names=None) -> None:
        """Keeps weight decay away from variables.

        Args:
            var_list: such variables.
            var_names: regular expressions; a variable is left out if one is found in its name.

        >>> import hornbill as hb
        >>> optimizer = hb.optimizers.AdamW()
        >>> optimizer.exclude_from_weight_decay(var_names=["bias", "scale"])
        """
        self._undecayed = set(var_list or ())
        self._undecayed_names = "|".join(var_names) if var_names else None

    def weight_decay_of(self, variable) -> float | None:
        """The weight decay of one variable, None for none."""
        named = self._undecayed_names is not None and re.search(
            self._undecayed_names, variable.name
        )
        return None if named or variable in self._undecayed else self.weight_decay

    def scale_learning_rate(self, factors: dict | list) -> None:
        """Gives groups of variables learning rates of their own: the optimizer's times a factor.

        The factors are saved with the optimizer's config. They may be changed between two calls
        of `fit`; each call of this method replaces the last.

        Args:
            factors: `{group: factor}`. A group is a layer that has its weights (a model is one,
                too), or a regular expression that matches a variable's path or its end after a
                slash: `"encoder/.*"` means `model/encoder/kernel`. Variables of no group have
                the factor 1; those with the factor 0 stay as they are, weight decay included.
                Or a list with a factor for each variable.

        Raises:
            TypeError: for a group that is neither.
            ValueError: for a factor below 0, a variable in two groups, a group without
                variables. Before the optimizer knows its variables, patterns cannot be checked:
                then `build`, which `fit` calls, raises.

        >>> import hornbill as hb
        >>> model = hb.Sequential([
        ...     hb.Input((3,)), hb.layers.Dense(4, name="encoder"), hb.layers.Dense(1)])
        >>> optimizer = hb.optimizers.SGD(0.5)
        >>> optimizer.scale_learning_rate({"encoder/.*": 0.1, model.layers[-1]: 2})
        >>> optimizer.build(model.trainable_variables)
        >>> optimizer.learning_rate_factors
        [0.1, 0.1, 2.0, 2.0]
        """
        pairs = factors.items() if isinstance(factors, dict) else enumerate(factors)
        for group, factor in pairs:
            if not is_number(factor) or not factor >= 0:
                raise ValueError(
                    f"{type(self).__name__}.scale_learning_rate: a factor is a number of at least "
                    f"0. Received: {group!r}: {factor!r}"
                )
        if isinstance(factors, dict):
            factors = {_pattern(self, group): float(f) for group, f in factors.items()}
        else:
            factors = [float(f) for f in factors]
        self._rate_factors = self._resolve(
            factors, self._trainable_variables if self.built else None
        )

    @property
    def learning_rate_factors(self) -> list | dict:
        """The factors of `scale_learning_rate`, one for each variable; empty for none.

        Before the optimizer knows its variables, they are `{regular expression: factor}`.
        """
        return self._rate_factors.copy()

    def _rate_of(self, variable, learning_rate):
        """The learning rate of one variable; None where it is to stay as it is."""
        if not self._rate_factors:
            return learning_rate
        factor = self._rate_factors[self._get_variable_index(variable)]
        return learning_rate * factor if factor else None

    def _resolve(self, factors, variables):
        """One factor for each variable, once these are known."""
        if variables is None or not factors:
            return factors
        who = f"{type(self).__name__} '{self.name}': scale_learning_rate"
        paths = [v.path for v in variables]
        if isinstance(factors, list):
            if len(factors) != len(paths):
                raise ValueError(
                    f"{who} takes one factor for each of the {len(paths)} variables {paths}. "
                    f"Received: {factors}"
                )
            return factors
        groups = {p: [i for i, v in enumerate(paths) if _matches(p, v)] for p in factors}
        resolved = [1.0] * len(paths)
        for pattern, members in groups.items():
            if not members:
                raise ValueError(
                    f"{who}: the group '{pattern}' has none of the variables {paths}. An "
                    "expression must match the end of a path after a slash, as 'encoder/.*' does."
                )
            for i in members:
                again = [p for p in groups if i in groups[p]]
                if len(again) > 1:
                    raise ValueError(
                        f"{who}: the variable '{paths[i]}' is in more than one group: {again}. "
                        "Make them exclude each other."
                    )
                resolved[i] = factors[pattern]
        return resolved


def _matches(pattern: str, path: str) -> bool:
    return re.fullmatch(f"(.*/)?({pattern})", path) is not None


def _pattern(optimizer, group) -> str:
    if isinstance(group, str):
        return group
    if not hasattr(group, "trainable_variables"):
        raise TypeError(
            f"{type(optimizer).__name__}.scale_learning_rate: a group is a layer or a regular "
            f"expression. Received: {group!r}"
        )
    paths = [re.escape(v.path) for v in group.trainable_variables]
    if not paths:
        raise ValueError(
            f"{type(optimizer).__name__}.scale_learning_rate: {group!r} has no trainable weights. "
            "Build the model first, or give a regular expression of its weights' paths."
        )
    return "|".join(paths)
