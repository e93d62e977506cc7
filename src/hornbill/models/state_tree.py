"""A model's whole state as nested dicts, keyed by the parts of each variable's path."""

FORMS = {"backend_tensor": lambda v: v.value, "numpy_array": lambda v: v.numpy()}


def _groups(model) -> dict[str, list]:
    optimizer = model.optimizer
    return {
        "trainable_variables": model.trainable_variables,
        "non_trainable_variables": model.non_trainable_variables,
        "optimizer_variables": [] if optimizer is None else optimizer.variables,
        "metrics_variables": model.metrics_variables,
    }


def get_state_tree(model, value_format: str = "backend_tensor") -> dict:
    """`{group: {part: {part: value}}}` for the four groups of a model's variables."""
    if value_format not in FORMS:
        raise ValueError(
            f"value_format is one of {sorted(FORMS)}. Received: value_format={value_format!r}"
        )
    return {
        group: _nested({v.path: FORMS[value_format](v) for v in _by_path(variables).values()})
        for group, variables in _groups(model).items()
    }


def set_state_tree(model, state_tree: dict) -> None:
    """Assigns a state tree; all or none."""
    groups = _groups(model)
    plan = []
    for group, tree in state_tree.items():
        if group not in groups:
            raise ValueError(f"A state tree has the groups {list(groups)}. Received: {group!r}")
        variables = _by_path(groups[group])
        for path, value in _flat(tree).items():
            if path not in variables:
                raise ValueError(
                    f"Model '{model.name}' has no variable '{path}' among its {group}: "
                    f"{list(variables)}."
                )
            variable = variables[path]
            if variable.shape != tuple(getattr(value, "shape", ())):
                raise ValueError(
                    f"Variable '{path}' of model '{model.name}' has shape {variable.shape}. "
                    f"Received: shape {tuple(value.shape)}"
                )
            plan.append((variable, value))
    for variable, value in plan:
        variable.assign(value)


def _by_path(variables) -> dict:
    found: dict = {}
    for variable in variables:
        if found.setdefault(variable.path, variable) is not variable:
            raise ValueError(
                f"Two variables of the model have the path '{variable.path}', so a tree by paths "
                "cannot hold both. Give the layers different names."
            )
    return found


def _nested(flat: dict) -> dict:
    tree: dict = {}
    for path, value in flat.items():
        *parents, last = path.split("/")
        place = tree
        for part in parents:
            place = place.setdefault(part, {})
        place[last] = value
    return tree


def _flat(tree: dict, prefix: str = "") -> dict:
    found = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            found |= _flat(value, f"{prefix}{key}/")
        else:
            found[prefix + key] = value
    return found
