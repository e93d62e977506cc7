"""One call, at least, of every NumPy-like op: name, arguments, keywords.

Arrays are what a model would compute; everything else is a setting.
"""

import numpy as np

X = np.array([[0.3, -1.7, 2.2, 0.9], [1.1, 0.6, -0.4, -2.5], [0.2, 3.1, -0.8, 1.4]], "float32")
Y = np.array([[1.5, 0.7, -1.2, 2.1], [-0.9, 1.3, 0.4, 0.8], [2.6, -1.1, 0.5, -0.3]], "float32")
P = np.abs(X) + 0.1  # positive
U = np.tanh(X) * 0.9  # inside (-1, 1)
N = np.where(X > 2, np.float32(np.nan), X)
I = np.array([[3, -1, 0, 7], [2, 5, -4, 1], [0, 9, 2, -6]], "int32")  # noqa: E741
J = np.array([[2, 3, 4, 5], [1, 2, 3, 4], [6, 1, 2, 3]], "int32")
B = X > 0
C = (X + 1j * Y).astype("complex64")
S = np.matmul(X, X.T) + np.eye(3, dtype="float32")  # square
V = np.array([0.5, -1.0, 2.0, 1.5], "float32")
T = np.stack([X, Y])  # three axes
INF = np.where(X > 2, np.float32(np.inf), np.where(X < -2, np.float32(-np.inf), X))

UNARY = {
    "abs absolute fabs sign signbit square negative ceil floor trunc round sin cos tan sinh cosh "
    "tanh arcsinh arctan sinc i0 exp exp2 expm1 cbrt deg2rad rad2deg ravel copy isreal": X,
    "sqrt log log2 log10 log1p reciprocal": P,
    "arcsin arccos arctanh": U,
    "isnan isfinite isinf isposinf isneginf nan_to_num": INF,
    "conj conjugate real imag angle": C,
    "logical_not": B,
    "bitwise_not bitwise_invert": I,
    "sum prod mean var std max min amax amin ptp median any all count_nonzero": X,
    "nansum nanprod nanmean nanvar nanstd nanmax nanmin nanmedian nanargmax nanargmin "
    "nancumsum nancumprod": N,
    "argmax argmin cumsum cumprod sort argsort average diff transpose flip flipud fliplr rot90 "
    "squeeze tril triu diag diagflat diagonal trace corrcoef trapezoid array ones_like zeros_like "
    "empty_like": X,
    "slogdet": S,
}
BINARY = {
    "add subtract multiply divide true_divide divide_no_nan floor_divide mod fmod maximum minimum "
    "fmax fmin arctan2 hypot logaddexp logaddexp2 heaviside nextafter inner outer vdot kron append "
    "isclose allclose isin": (X, Y),
    "equal not_equal less less_equal greater greater_equal": (I, J),
    "logical_and logical_or logical_xor": (B, Y > 0),
    "bitwise_and bitwise_or bitwise_xor bitwise_left_shift bitwise_right_shift left_shift "
    "right_shift gcd lcm": (I, J),
    "power": (P, Y),
    "ldexp": (X, J),
    "matmul dot": (X, X.T),
}

KEEP = {"axis": 1, "keepdims": True}
CASES = [
    *((name, (x,), {}) for names, x in UNARY.items() for name in names.split()),
    *((name, pair, {}) for names, pair in BINARY.items() for name in names.split()),
    # Elementwise with settings, numbers, broadcasting
    *((name, (X, V), {}) for name in ("add", "multiply", "divide_no_nan", "maximum")),
    ("arccosh", (P + 1,), {}),
    ("divide_no_nan", (X, np.where(B, Y, np.float32(0))), {}),
    ("power", (X, 2), {}),
    ("subtract", (1, X), {}),
    ("round", (X,), {"decimals": 1}),
    ("round", (I * 37,), {"decimals": -1}),
    ("trunc", (I,), {}),
    ("clip", (X, -1, 1.5), {}),
    ("clip", (B, 0, 1), {}),
    ("nan_to_num", (INF,), {"nan": 1.0, "posinf": 2.0, "neginf": -2.0}),
    ("isclose", (X, X + 1e-4), {"rtol": 1e-3, "atol": 0.0}),
    ("isin", (I, J), {"invert": True}),
    ("isclose", (N, N), {"equal_nan": True}),
    # Reductions
    *(
        (name, (X,), KEEP)
        for name in "sum prod mean var std max min amax amin ptp median any all argmax".split()
    ),
    *((name, (T,), {"axis": (0, 2)}) for name in "sum mean var max all nansum median".split()),
    *((name, (N,), {"axis": 0}) for name in "nanmean nanstd nanmax nanargmin nancumsum".split()),
    ("max", (X,), {"initial": 2.5}),
    ("min", (X,), {"axis": -1, "initial": -2.0}),
    ("prod", (I,), {"axis": 0, "dtype": "float32"}),
    ("cumsum", (I,), {"axis": 1, "dtype": "float32"}),
    ("cumprod", (X,), {"axis": 0}),
    ("average", (X,), {"axis": 1, "weights": P[0]}),
    ("average", (X,), {"weights": P}),
    ("count_nonzero", (I,), {"axis": 1}),
    ("quantile", (X, 0.3), {}),
    ("quantile", (X, np.array([0.2, 0.7], "float32")), KEEP),
    ("quantile", (X, 0.4), {"axis": 0, "method": "nearest"}),
    ("percentile", (X, 30.0), {"axis": 1}),
    ("nanquantile", (N, 0.3), {"axis": 1}),
    ("nanpercentile", (N, 30.0), {}),
    ("diff", (X,), {"n": 2, "axis": 0}),
    ("trapezoid", (X,), {"x": np.cumsum(P, 1), "axis": 1}),
    ("trapezoid", (X,), {"dx": 0.5, "axis": 0}),
    # Shapes
    ("reshape", (X, (2, -1)), {}),
    ("reshape", (X, -1), {}),
    ("expand_dims", (X, 1), {}),
    ("expand_dims", (X, (0, -1)), {}),
    ("squeeze", (X[:, None, :, None],), {}),
    ("squeeze", (X[:, None],), {"axis": 1}),
    ("transpose", (T, (2, 0, 1)), {}),
    ("moveaxis", (T, 0, -1), {}),
    ("moveaxis", (T, (0, 1), (-1, 0)), {}),
    ("swapaxes", (T, 0, 2), {}),
    ("broadcast_to", (V, (3, 4)), {}),
    ("view", (X, "int32"), {}),
    ("view", (X,), {}),
    ("size", (X,), {}),
    ("concatenate", ([X, Y],), {}),
    ("concatenate", ([X, Y, I],), {"axis": -1}),
    ("stack", ([X, Y],), {"axis": 1}),
    ("hstack", ([X, Y],), {}),
    ("vstack", ([X, Y],), {}),
    ("dstack", ([X, Y],), {}),
    ("append", (X, Y), {"axis": 1}),
    ("split", (X, 2), {"axis": 1}),
    ("split", (X, [1, 3]), {"axis": 1}),
    ("array_split", (X, 3), {"axis": 1}),
    ("hsplit", (X, 2), {}),
    ("vsplit", (X, [1]), {}),
    ("dsplit", (T, 2), {}),
    ("tile", (X, (2, 1)), {}),
    ("tile", (X, 2), {}),
    ("repeat", (X, 2), {"axis": 1}),
    ("repeat", (X, 2), {}),
    ("pad", (X, 1), {}),
    ("pad", (X, ((0, 1), (2, 0))), {"constant_values": 3}),
    ("pad", (X, ((1, 1), (2, 1))), {"mode": "reflect"}),
    ("pad", (X, ((1, 1), (2, 1))), {"mode": "symmetric"}),
    ("flip", (X,), {"axis": 1}),
    ("roll", (X, 1), {"axis": 1}),
    ("roll", (X, (1, 2)), {"axis": (0, 1)}),
    ("roll", (X, 2), {}),
    ("rot90", (T,), {"k": 3, "axes": (1, 2)}),
    # Creation
    ("zeros", ((2, 3),), {}),
    ("ones", ((2, 3),), {"dtype": "int32"}),
    ("empty", ((2, 3),), {}),
    ("full", ((2, 3), 5), {}),
    ("full", ((2, 4), V), {"dtype": "float16"}),
    ("full_like", (X, 5), {}),
    ("ones_like", (I,), {"dtype": "float32"}),
    ("array", (I,), {"dtype": "float16"}),
    ("eye", (3,), {}),
    ("eye", (3, 4), {"k": 1, "dtype": "int32"}),
    ("identity", (3,), {}),
    ("tri", (3, 4), {"k": -1}),
    ("arange", (5,), {}),
    ("arange", (1, 9, 2), {}),
    ("arange", (0.0, 1.0, 0.25), {}),
    ("arange", (3,), {"dtype": "float32"}),
    ("linspace", (0, 2), {"num": 5}),
    ("linspace", (V, V + 1), {"num": 3, "endpoint": False, "axis": -1}),
    ("linspace", (0.0, 1.0), {"num": 4, "retstep": True}),
    ("logspace", (0, 2), {"num": 3, "base": 3}),
    ("geomspace", (1.0, 8.0), {"num": 4}),
    ("meshgrid", (V, V[:2]), {}),
    ("meshgrid", (V, V[:2]), {"indexing": "ij"}),
    # Products
    ("matmul", (T, X.T), {}),
    ("matmul", (X, V), {}),
    ("matmul", (I.astype("int8"), J.T.astype("int8")), {}),
    ("cross", (X[:, :3], Y[:, :3]), {}),
    ("cross", (X[:, :3], Y[:, :3]), {"axis": 0}),
    ("tensordot", (T, X), {}),
    ("tensordot", (T, X), {"axes": ((2, 1), (1, 0))}),
    ("einsum", ("bij,jk->bik", T, X.T), {}),
    ("einsum", ("...j,j", T, V), {}),
    ("einsum", ("ij,kj->ik", I.astype("int8"), J.astype("int8")), {}),
    ("correlate", (V, V[:2]), {}),
    ("correlate", (V, V[:2]), {"mode": "same"}),
    ("correlate", (V, V[:2]), {"mode": "full"}),
    ("diag", (V,), {"k": 1}),
    ("diagonal", (T,), {"offset": 1, "axis1": 1, "axis2": 2}),
    ("trace", (T,), {"axis1": 1, "axis2": 2}),
    ("tril", (T,), {"k": -1}),
    ("triu", (X,), {"k": 1}),
    ("vander", (V,), {}),
    ("vander", (V,), {"N": 2, "increasing": True}),
    # Indexing
    ("take", (X, J), {}),
    ("take", (X, np.array([2, 0, -1], "int32")), {"axis": 1}),
    ("take_along_axis", (X, np.array([[1], [0], [3]], "int32")), {"axis": 1}),
    ("where", (B, X, Y), {}),
    ("where", (B, X, 0), {}),
    ("select", ([B, I > 2], [X, Y]), {"default": 7}),
    ("unravel_index", (np.array([1, 5, 11], "int32"), (3, 4)), {}),
    ("sort", (X,), {"axis": 0}),
    ("argsort", (I,), {"axis": 0}),
    ("argsort", (X,), {"axis": None}),
    ("argpartition", (X, 1), {}),
    ("argpartition", (X, 5), {"axis": None}),
    ("argmin", (X,), {"axis": 0}),
    ("searchsorted", (np.sort(V), X), {}),
    ("searchsorted", (np.array([1, 2, 2, 3]), J), {"side": "right"}),
    ("digitize", (X, np.sort(V)), {}),
    ("histogram", (V,), {"bins": 3}),
    ("histogram", (V,), {"bins": 4, "range": (-2, 2)}),
    ("unique", (J,), {"size": 6, "fill_value": -1}),
    *(("get_item", (X, key), {}) for key in (1, slice(1, None), (slice(None), 0), (..., None, 2))),
    ("get_item", (X, (slice(None, None, -1), slice(1, 3))), {}),
    ("get_item", (X, np.array([2, 0], "int32")), {}),
    ("get_item", (X, (np.array([2, 0], "int32"), slice(0, 2))), {}),
]

# The result's shape depends on the values (or Keras's needs them): these run on values only.
EAGER = [
    ("nonzero", (I,), {}),
    *((name, (7,), {}) for name in ("bartlett", "blackman", "hamming", "hanning")),
    ("kaiser", (7, 4.0), {}),
    ("where", (B,), {}),
    ("bincount", (J[0],), {}),
    ("bincount", (J,), {"minlength": 9}),
    ("bincount", (J,), {"weights": X, "minlength": 8}),
    ("bincount", (J[0],), {"weights": X[0], "minlength": 8}),
    ("unique", (J,), {}),
    ("unique", (J,), {"return_index": True, "return_inverse": True, "return_counts": True}),
    ("unique", (np.array([[1, 2], [1, 2], [0, 1]]),), {"axis": 0}),
    ("get_item", (X, B), {}),
    ("repeat", (X, np.array([1, 0, 2])), {"axis": 0}),
]


def label(case) -> str:
    """A case's name in pytest's output."""
    name, args, kwargs = case
    shown = [f"{k}={v}" for k, v in kwargs.items() if not isinstance(v, np.ndarray)]
    settings = [str(a) for a in args if not isinstance(a, (np.ndarray, list))]
    return "-".join([name, *settings, *shown]).replace(" ", "")
