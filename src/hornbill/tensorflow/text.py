"""Text: strings, which are no arrays of JAX's, as tensors of the host."""

import numpy as np


class Text(np.ndarray):
    """An array of strings with TensorFlow's methods.

    >>> words = Text.of(["one", "two"])
    >>> words.numpy().tolist(), words[0].numpy().decode()
    ([b'one', b'two'], 'one')
    """

    @classmethod
    def of(cls, value) -> "Text":
        """Strings, bytes (as UTF-8) or arrays of them."""
        array = np.asarray(value)
        if array.dtype.kind == "S" or (array.dtype.kind == "O" and array.size):
            flat = [x.decode() if isinstance(x, bytes) else str(x) for x in array.ravel().tolist()]
            array = np.array(flat, dtype=str).reshape(array.shape)
        return array.astype(str).view(cls)

    value = property(lambda self: self)

    def numpy(self):
        """The strings as `bytes` (one, or an array of them), as TensorFlow gives them."""
        flat = [str(x).encode() for x in self.ravel().tolist()]
        array = np.empty(len(flat), object)
        array[:] = flat
        return array.reshape(self.shape)[()]

    def __getitem__(self, key):
        return Text.of(np.asarray(self)[key])

    def __iter__(self):
        return (Text.of(x) for x in np.asarray(self))

    def __str__(self):
        return str(np.asarray(self)[()])

    def __repr__(self):
        return f"<tf.Tensor: shape={self.shape}, dtype=string, numpy={self.numpy()!r}>"

    def __hash__(self):
        return hash(str(self))


class Bytes(bytes):
    """Bytes that need not be text (a file's contents, a record) as a tensor of one string."""

    shape = ()

    def numpy(self) -> bytes:
        """The bytes."""
        return bytes(self)


class Blobs(Text):
    """An array of bytes that need not be text.

    >>> records = strings(np.array([b"\\xff", b"a"], object))
    >>> records.numpy().tolist(), records[1]
    ([b'\\xff', b'a'], b'a')
    """

    def numpy(self):
        """The strings as `bytes`."""
        array = np.empty(self.size, object)
        array[:] = [bytes(x) for x in np.asarray(self).ravel()]
        return array.reshape(self.shape)[()]

    def __getitem__(self, key):
        part = np.asarray(self)[key]
        return Bytes(part) if isinstance(part, bytes) else part.view(Blobs)

    def __iter__(self):
        return (self[i] for i in range(len(self)))


def strings(array: np.ndarray) -> Text | Bytes:
    """Strings of NumPy's as a tensor: `Text`, or where they are no text, their bytes."""
    if array.dtype.kind == "O" and array.size:
        first = array.flat[0]
        if array.ndim == 0 and isinstance(first, bytes):
            return Bytes(first)
        if isinstance(first, Bytes) or (isinstance(first, bytes) and not _all_text(array)):
            return array.view(Blobs)
    return array if isinstance(array, Text) else Text.of(array)


def _all_text(array) -> bool:
    try:
        return not any("\0" in x.decode() for x in array.flat)
    except UnicodeDecodeError:
        return False


def bytes_array(values) -> np.ndarray | None:
    """A list of `bytes` as an array that keeps every one of them; None for anything else."""
    if isinstance(values, (list, tuple)) and values and all(isinstance(v, bytes) for v in values):
        array = np.empty(len(values), object)
        array[:] = values
        return array
    return None


def is_text(array) -> bool:
    """Whether an array holds strings."""
    return isinstance(array, (np.ndarray, np.generic)) and array.dtype.kind in "OUS"
