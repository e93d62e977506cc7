"""What a layer or op is called in summaries and pictures."""


def kind(operation) -> str:
    """A layer's class, or an op's name in the style of a class (`expand_dims`: `ExpandDims`)."""
    function = getattr(operation, "function", None)
    if function is None or not getattr(function, "is_op", False):
        return type(operation).__name__
    return "".join(part.capitalize() for part in function.__name__.split("_"))
