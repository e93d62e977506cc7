"""`tf.keras.backend`: Keras 2's functions on tensors, and what Keras 3 still has there."""

import numpy as np

import hornbill.backend as _own

from .. import ops
from ..engine.config import epsilon, floatx
from ..models.function import Function
from . import arrays, math, nn, random
from .faces import to_script
from .missing import missing
from .named import named
from .tensor import Tensor, Variable, unwrap

_REDUCE = "sum mean max min prod std all any logsumexp".split()
_SAME = (
    "abs square sqrt exp log sign round sin cos equal not_equal greater greater_equal less "
    "less_equal maximum minimum cumsum cumprod"
).split()

for _name in _REDUCE:
    globals()[_name] = named(getattr(ops, _name), "x axis keepdims")
var = named(ops.var, "x axis keepdims")
for _name in _SAME:
    globals()[_name] = named(getattr(ops, _name))
for _name in "relu elu softplus softsign sigmoid hard_sigmoid tanh".split():
    globals()[_name] = named(getattr(ops, _name))
dot = named(ops.matmul, "x y")
pow = named(ops.power, "x a")
clip = named(ops.clip, "x min_value max_value")
flatten = named(lambda x: ops.reshape(x, (-1,)), "x")
batch_flatten = named(lambda x: ops.reshape(x, (ops.shape(x)[0], -1)), "x")
permute_dimensions = named(ops.transpose, "x pattern")
transpose = named(lambda x: ops.transpose(x), "x")
repeat = named(lambda x, n: ops.repeat(ops.expand_dims(x, 1), n, 1), "x n")
expand_dims = named(lambda x, axis=-1: ops.expand_dims(x, axis), "x axis")
squeeze = named(ops.squeeze, "x axis")
repeat_elements = named(ops.repeat, "x rep axis")
reverse = named(ops.flip, "x axes")
softmax = named(lambda x, axis=-1: ops.softmax(x, axis), "x axis")
categorical_crossentropy = named(ops.categorical_crossentropy, "target output from_logits axis")
binary_crossentropy = named(ops.binary_crossentropy, "target output from_logits")
sparse_categorical_crossentropy = named(
    ops.sparse_categorical_crossentropy, "target output from_logits axis"
)


def _ctc(y_true, y_pred, input_length, label_length):
    # The last class is the blank, and predictions are chances.
    scores, lengths = ops.log(y_pred + epsilon()), [input_length, label_length]
    steps, labels = (ops.cast(ops.reshape(x, (-1,)), "int32") for x in lengths)
    blank = y_pred.shape[-1] - 1
    losses = ops.ctc_loss(ops.cast(y_true, "int32"), scores, labels, steps, mask_index=blank)
    return ops.expand_dims(losses, 1)


ctc_batch_cost = named(_ctc)
cast, stack, tile = arrays.cast, arrays.stack, arrays.tile
gather, reshape, stop_gradient = arrays.gather, arrays.reshape, arrays.stop_gradient
zeros_like, ones_like, one_hot, eye = (
    arrays.zeros_like,
    arrays.ones_like,
    arrays.one_hot,
    arrays.eye,
)
zeros, ones, constant, shape = arrays.zeros, arrays.ones, arrays.constant, arrays.shape
arange = arrays.range
l2_normalize, argmax, argmin = math.l2_normalize, math.argmax, math.argmin
dropout, bias_add = nn.dropout, nn.bias_add
random_normal, random_uniform = random.normal, random.uniform
truncated_normal = random.truncated_normal


def concatenate(tensors, axis: int = -1):
    """The tensors one after the other along an axis."""
    return arrays.concat(tensors, axis)


def switch(condition, then_expression, else_expression):
    """The one or the other, element by element, or as functions that are called."""
    then, otherwise = (e() if callable(e) else e for e in (then_expression, else_expression))
    return arrays.where(condition, then, otherwise)


def ndim(x) -> int:
    """How many axes a tensor has."""
    return len(x.shape)


def int_shape(x) -> tuple:
    """The shape as a tuple, None for open sizes."""
    return tuple(x.shape)


def dtype(x) -> str:
    """The dtype's name."""
    return str(x.dtype)


def variable(value, dtype=None, name=None, constraint=None) -> Variable:
    """A `tf.Variable`."""
    return Variable(value, dtype=dtype, name=name, constraint=constraint)


def get_value(x):
    """The values as a NumPy array."""
    return x.numpy()


def set_value(x, value) -> None:
    """Sets a variable."""
    x.assign(value)


eval = get_value


def update(x, new_x):
    """Sets a variable, which it returns."""
    return x.assign(new_x)


def update_add(x, increment):
    """Adds to a variable, which it returns."""
    return x.assign_add(increment)


def update_sub(x, decrement):
    """Takes from a variable, which it returns."""
    return x.assign_sub(decrement)


def count_params(x) -> int:
    """How many numbers a tensor holds."""
    return int(np.prod(x.shape))


def cast_to_floatx(x):
    """The values in the default float dtype: a tensor, or a NumPy array of what else there is."""
    return cast(x, floatx()) if isinstance(x, (Tensor, Variable)) else np.asarray(x, floatx())


def batch_get_value(tensors) -> list:
    """`get_value` of each."""
    return [get_value(x) for x in tensors]


def batch_set_value(tuples) -> None:
    """`set_value` of each pair."""
    for x, value in tuples:
        set_value(x, value)


def function(inputs, outputs, updates=None, name=None):
    """What takes arrays for a list of symbolic inputs and gives the outputs; no `updates`."""
    if updates:
        raise ValueError(f"K.function takes no updates. Received: updates={updates}")
    run = Function(inputs, outputs)
    return to_script(lambda given: run(unwrap(given)))


def learning_phase() -> int:
    """0: layers train where `training=True` says so."""
    return 0


def __getattr__(name: str):
    if hasattr(_own, name):
        return getattr(_own, name)
    return missing("tf.keras.backend", globals())(name)


def __dir__():
    return [*(n for n in globals() if not n.startswith("_")), *dir(_own)]
