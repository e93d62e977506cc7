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
    """A file's contents, as a tensor of TensorFlow's that holds bytes."""

    shape = ()

    def numpy(self) -> bytes:
        """The bytes."""
        return bytes(self)


def is_text(array) -> bool:
    """Whether an array holds strings."""
    return isinstance(array, (np.ndarray, np.generic)) and array.dtype.kind in "OUS"
