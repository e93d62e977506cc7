"""TensorFlow's names, as Keras scripts use them, over Hornbill: `import hornbill.tensorflow as tf`.

`hornbill run script.py` serves them to an unchanged script under the name `tensorflow`.
"""

import types

from .. import tree
from . import (
    arrays,
    config,
    data,
    debugging,
    distribute,
    image,
    io,
    keras,
    linalg,
    math,
    nn,
    random,
    signal,
    sparse,
    strings,
    summary,
    train,
)
from .arrays import slice_ as slice
from .control import *
from .missing import missing
from .module import Module
from .placing import *
from .running import *
from .tape import GradientTape
from .tensor import DType, Shape, Tensor, TensorSpec, Variable
from .tensor_array import TensorArray
from .tfrecord import DataLossError

TensorShape = Shape
newaxis = None
__version__ = "2.19.0+hornbill"

for _name in (
    "float16 float32 float64 bfloat16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool "
    "complex64 complex128 string"
).split():
    globals()[_name] = DType(_name)
half, double = DType("float16"), DType("float64")

_DIRECT = {
    arrays: [name for name in arrays.__all__ if name != "slice_"],
    math: (
        "abs acos acosh add add_n argmax argmin asin asinh atan atan2 atanh cos cosh cumsum "
        "divide equal exp floor greater greater_equal less less_equal logical_and logical_not "
        "logical_or maximum minimum multiply negative not_equal pow reduce_all reduce_any "
        "reduce_logsumexp reduce_max reduce_mean reduce_min reduce_prod reduce_sum round sigmoid "
        "sign sin sinh sqrt square squared_difference subtract tan tanh truediv"
    ).split(),
    linalg: ("matmul tensordot norm clip_by_value clip_by_norm clip_by_global_norm").split(),
    debugging: ["Assert", "assert_equal", "assert_greater", "assert_less", "assert_rank"],
    strings: ["as_string"],
    nn: ["space_to_depth"],
}
for _module, _names in _DIRECT.items():
    for _name in _names:
        globals()[_name] = getattr(_module, _name)

nest = types.SimpleNamespace(
    assert_same_structure=tree.assert_same_structure,
    flatten=tree.flatten,
    is_nested=tree.is_nested,
    map_structure=tree.map_structure,
    pack_sequence_as=tree.pack_sequence_as,
)
errors = types.SimpleNamespace(
    DataLossError=DataLossError,
    InvalidArgumentError=debugging.InvalidArgumentError,
    NotFoundError=FileNotFoundError,
    OutOfRangeError=StopIteration,
)
# What stands under `tf.keras` as well, by its name there.
_OF_KERAS = {
    **{name: name for name in "initializers losses metrics optimizers".split()},
    "constant_initializer": "initializers.Constant",
    "ones_initializer": "initializers.Ones",
    "random_normal_initializer": "initializers.RandomNormal",
    "random_uniform_initializer": "initializers.RandomUniform",
    "zeros_initializer": "initializers.Zeros",
}
_GRAPHS = (
    "It runs code of TensorFlow 2, none with graphs and sessions: take the names without "
    "tf.compat.v1, such as tf.reduce_sum."
)
_RAGGED = (
    "Tensors are dense: pad rows (tf.keras.utils.pad_sequences, Dataset.padded_batch), and mask "
    "what stands behind (tf.sequence_mask, Masking, Embedding(mask_zero=True))."
)
_SPARSE = (
    "Tensors are dense: tf.scatter_nd(indices, values, shape) makes one from what a sparse one "
    "holds, and tf.one_hot or CategoryEncoding make vectors of classes."
)
_GONE = {
    **dict.fromkeys(["compat", "Session", "placeholder", "get_default_graph"], _GRAPHS),
    **dict.fromkeys(["RaggedTensor", "RaggedTensorSpec", "ragged"], _RAGGED),
    **dict.fromkeys(["SparseTensor", "SparseTensorSpec", "IndexedSlices"], _SPARSE),
}


def __getattr__(name: str):
    if name in _OF_KERAS:
        found = keras
        for part in _OF_KERAS[name].split("."):
            found = getattr(found, part)
        return found
    return missing("tf", globals(), _GONE)(name)
