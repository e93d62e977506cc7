"""`tf.keras.backend`: Keras 2's functions on tensors, and what Keras 3 still has there.

Values and variables are here; what is for layers, and loops, have files of their own.
"""

import sys

import jax
import numpy as np

import hornbill.backend as _own

from .. import Input, activations, losses, ops
from ..engine.config import floatx
from ..engine.context import current_context
from ..models.function import Function
from . import arrays, math, random, running
from .backend_layers import *  # noqa: F403
from .backend_loops import *  # noqa: F403
from .missing import missing
from .named import named
from .tensor import Tensor, Variable, unwrap

_REDUCE = "sum mean max min prod std all any logsumexp".split()
_SAME = (
    "abs square sqrt exp log sign round sin cos equal not_equal greater greater_equal less "
    "less_equal maximum minimum"
).split()

for _name in _REDUCE:
    globals()[_name] = named(getattr(ops, _name), "x axis keepdims")
var = named(ops.var, "x axis keepdims")
for _name in _SAME:
    globals()[_name] = named(getattr(ops, _name))
for _name in "elu softplus softsign sigmoid tanh".split():
    globals()[_name] = named(getattr(ops, _name))
relu = named(activations.relu, "x alpha max_value threshold")
hard_sigmoid = named(lambda x: ops.clip(0.2 * ops.convert_to_tensor(x) + 0.5, 0.0, 1.0), "x")
softmax = named(lambda x, axis=-1: ops.softmax(x, axis), "x axis")
cumsum = named(lambda x, axis=0: ops.cumsum(x, axis), "x axis")
cumprod = named(lambda x, axis=0: ops.cumprod(x, axis), "x axis")
dot = named(ops.dot, "x y")
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
gather = named(lambda x, indices: ops.take(x, indices, 0), "reference indices")
one_hot = named(ops.one_hot, "indices num_classes")
in_top_k = named(lambda x, targets, k: ops.in_top_k(targets, x, k), "predictions targets k")
categorical_crossentropy = named(ops.categorical_crossentropy, "target output from_logits axis")
binary_crossentropy = named(ops.binary_crossentropy, "target output from_logits")
l2_normalize = math.l2_normalize
zeros_like = named(lambda x, dtype=None: ops.zeros_like(x, dtype), "x dtype")
ones_like = named(lambda x, dtype=None: ops.ones_like(x, dtype), "x dtype")
argmax = named(lambda x, axis=-1: ops.argmax(x, axis), "x axis")
argmin = named(lambda x, axis=-1: ops.argmin(x, axis), "x axis")
cast, shape = arrays.cast, arrays.shape
reshape, tile = named(arrays.reshape, "x shape"), named(arrays.tile, "x n")
stack, stop_gradient = named(arrays.stack, "x axis"), named(ops.stop_gradient, "variables")


@named
def sparse_categorical_crossentropy(target, output, from_logits=False, axis=-1, ignore_class=None):
    """The cross-entropy with classes given by their numbers; 0 for `ignore_class`."""
    return losses.sparse_categorical_crossentropy(target, output, from_logits, ignore_class, axis)


@named
def categorical_focal_crossentropy(
    target, output, alpha=0.25, gamma=2.0, from_logits=False, axis=-1
):
    """The cross-entropy, less of it where the class is certain already."""
    return losses.categorical_focal_crossentropy(
        target, output, alpha, gamma, from_logits, axis=axis
    )


@named
def binary_focal_crossentropy(
    target, output, apply_class_balancing=False, alpha=0.25, gamma=2.0, from_logits=False
):
    """The binary cross-entropy of each element, less of it where it is certain already."""
    return losses.binary_focal_crossentropy(
        target, output, apply_class_balancing, alpha, gamma, from_logits, axis=()
    )


# ---- making tensors and variables --------------------------------------------------------------


def constant(value, dtype=None, shape=None, name=None):
    """A tensor, of the default float dtype unless another is given."""
    return arrays.constant(value, dtype or floatx(), shape)


def zeros(shape, dtype=None, name=None):
    """A tensor of zeros."""
    return arrays.zeros(shape, dtype or floatx())


def ones(shape, dtype=None, name=None):
    """A tensor of ones."""
    return arrays.ones(shape, dtype or floatx())


def eye(size, dtype=None, name=None):
    """The identity matrix, or one of `(rows, columns)`."""
    rows, columns = size if isinstance(size, (list, tuple)) else (size, None)
    return arrays.eye(rows, columns, dtype=dtype or floatx())


def arange(start, stop=None, step=1, dtype="int32"):
    """Numbers from `start` (0 when it is alone) up to, not with, `stop`."""
    return arrays.range(start, stop, step, dtype)


def concatenate(tensors, axis: int = -1):
    """The tensors one after the other along an axis."""
    return arrays.concat(tensors, axis)


def random_normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None):
    """Draws from the normal distribution."""
    return random.normal(shape, mean, stddev, dtype or floatx(), seed)


def truncated_normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None):
    """Draws from the normal distribution, cut at two deviations."""
    return random.truncated_normal(shape, mean, stddev, dtype or floatx(), seed)


def random_uniform(shape, minval=0.0, maxval=1.0, dtype=None, seed=None):
    """Draws evenly from `[minval, maxval)`."""
    return random.uniform(shape, minval, maxval, dtype or floatx(), seed)


def random_bernoulli(shape, p=0.0, dtype=None, seed=None):
    """Ones with probability `p`, else zeros."""
    return cast(random.uniform(shape, seed=seed) <= p, dtype or floatx())


random_binomial = random_bernoulli


def random_normal_variable(shape, mean, scale, dtype=None, name=None, seed=None) -> Variable:
    """A variable of normal draws."""
    return variable(random_normal(shape, mean, scale, dtype, seed), dtype, name)


def random_uniform_variable(shape, low, high, dtype=None, name=None, seed=None) -> Variable:
    """A variable of even draws."""
    return variable(random_uniform(shape, low, high, dtype, seed), dtype, name)


def variable(value, dtype=None, name=None, constraint=None) -> Variable:
    """A `tf.Variable`, of the default float dtype unless another is given."""
    return Variable(value, dtype=dtype or floatx(), name=name, constraint=constraint)


def placeholder(shape=None, ndim=None, dtype=None, sparse=False, name=None, ragged=False):
    """A symbolic tensor for `K.function`; the shape is with the batch, or open if only `ndim`."""
    if shape is None:
        if not ndim:
            raise ValueError("K.placeholder needs shape or ndim. Received: neither")
        shape = (None,) * ndim
    return Input(batch_shape=tuple(shape), dtype=dtype, sparse=sparse, ragged=ragged, name=name)


# ---- looking at tensors ------------------------------------------------------------------------


def ndim(x) -> int:
    """How many axes a tensor has."""
    return len(x.shape)


def int_shape(x) -> tuple:
    """The shape as a tuple, None for open sizes."""
    return tuple(x.shape)


def dtype(x) -> str:
    """The dtype's name."""
    return str(x.dtype)


def count_params(x) -> int:
    """How many numbers a tensor holds."""
    return int(np.prod(x.shape))


def is_sparse(tensor) -> bool:
    """False: tensors are dense."""
    return False


def to_dense(tensor):
    """The tensor, which is dense."""
    return tensor


def print_tensor(x, message: str = "", summarize: int = 3):
    """Prints a tensor, in compiled code too, and returns it."""
    running.print(message, x, output_stream=sys.stdout, summarize=summarize)
    return x


def cast_to_floatx(x):
    """The values in the default float dtype: a tensor, or a NumPy array of what else there is."""
    return cast(x, floatx()) if isinstance(x, (Tensor, Variable)) else np.asarray(x, floatx())


# ---- reading and setting variables -------------------------------------------------------------


def get_value(x):
    """The values as a NumPy array."""
    return x.numpy() if hasattr(x, "numpy") else x


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


def moving_average_update(x, value, momentum):
    """Sets a variable to `momentum * x + (1 - momentum) * value`, and returns it."""
    return x.assign(x * momentum + cast(value, x.dtype) * (1 - momentum))


def batch_get_value(tensors) -> list:
    """`get_value` of each."""
    return [get_value(x) for x in tensors]


def batch_set_value(tuples) -> None:
    """`set_value` of each pair."""
    for x, value in tuples:
        set_value(x, value)


# ---- running -----------------------------------------------------------------------------------


def function(inputs, outputs, updates=None, name=None):
    """What takes arrays for symbolic inputs and gives the outputs as NumPy arrays; no `updates`."""
    if updates:
        raise ValueError(f"K.function takes no updates. Received: updates={updates}")
    run = Function(inputs, outputs)
    return lambda given: jax.tree.map(np.asarray, run(unwrap(given)))


def learning_phase() -> int:
    """1 inside a layer that is called in training mode, else 0."""
    return int(current_context().training or False)


def set_learning_phase(value) -> None:
    """Takes 0, which is how layers run where nobody says otherwise."""
    if value not in (0, False):
        raise ValueError(
            "K.set_learning_phase takes 0: which layers train is no setting of the process. Pass "
            f"training=True where the model is called. Received: {value!r}"
        )


name_scope = running.name_scope
reset_uids = _own.clear_session
# What was of graphs and sessions, and what to write instead.
_GONE = {
    "ctc_label_dense_to_sparse": "Tensors are dense: tf.nn.ctc_loss takes dense labels.",
    "gradients": "Write the computation in a `with tf.GradientTape() as tape:` block and ask "
    "tape.gradient(loss, variables).",
    "get_session": "There are no sessions: tensors have .numpy().",
    "learning_phase_scope": "Pass training=True or training=False where the model is called.",
    "manual_variable_initialization": "Variables have their values from the start.",
    "set_session": "There are no sessions: tensors have .numpy().",
}


def __getattr__(name: str):
    if hasattr(_own, name):
        return getattr(_own, name)
    return missing("tf.keras.backend", globals(), _GONE)(name)


def __dir__():
    return [*(n for n in globals() if not n.startswith("_")), *dir(_own)]
