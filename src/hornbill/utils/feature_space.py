"""FeatureSpace: tables of mixed columns as vectors."""

import jax
import numpy as np

from .. import layers, ops
from ..engine.naming import unique_name
from ..engine.serialize import deserialize, serialize
from ..engine.symbolic import any_symbolic
from ..layers.preprocessing.adapt import AdaptableLayer
from ..layers.preprocessing.index_lookup import IndexLookup
from ..saving import save_model

# Where Keras keeps the two classes of parts, for its files.
MODULE = "keras.src.layers.preprocessing.feature_space"


class Cross:
    """Several features as one: each combination of their values in one of `crossing_dim` bins."""

    def __init__(self, feature_names, crossing_dim: int, output_mode: str = "one_hot"):
        _check_mode(output_mode, ("int", "one_hot"))
        self.feature_names = tuple(feature_names)
        self.crossing_dim, self.output_mode = crossing_dim, output_mode

    @property
    def name(self) -> str:
        return "_X_".join(self.feature_names)

    def get_config(self) -> dict:
        names = list(self.feature_names)
        return {
            "feature_names": names,
            "crossing_dim": self.crossing_dim,
            "output_mode": self.output_mode,
        }


class Feature:
    """One column: its dtype, the layer that prepares it, and how the result is encoded."""

    def __init__(self, dtype: str, preprocessor, output_mode: str):
        _check_mode(output_mode, ("int", "one_hot", "float"))
        if not isinstance(preprocessor, layers.Layer):
            raise TypeError(
                "A feature's preprocessor is a layer. "
                f"Received: preprocessor={preprocessor!r} of type {type(preprocessor).__name__}"
            )
        self.dtype, self.preprocessor, self.output_mode = dtype, preprocessor, output_mode

    def get_config(self) -> dict:
        return {
            "dtype": self.dtype,
            "preprocessor": serialize(self.preprocessor),
            "output_mode": self.output_mode,
        }


class FeatureSpace(layers.Layer):
    """Prepares, encodes and joins the columns of a table.

    Args:
        features: `{column: kind}`, a kind being one of `"float"`, `"float_normalized"`,
            `"float_rescaled"`, `"float_discretized"`, `"integer_categorical"`,
            `"string_categorical"`, `"integer_hashed"`, `"string_hashed"`, or what the method of
            that name returns (`FeatureSpace.string_categorical(max_tokens=10)`), or
            `FeatureSpace.feature(...)` for a layer of your own.
        output_mode: `"concat"` for one vector, its parts in alphabetical order and the crosses
            last; `"dict"` for a dict of the parts.
        crosses: tuples of columns, or `FeatureSpace.cross(...)`, whose combinations become
            features of their own, named `a_X_b`.
        crossing_dim, hashing_dim, num_discretization_bins: how many bins crosses, the hashed and
            the discretized kinds have that are given by name.
        name: the layer's name.

    It is called on a dict of columns of shape `(batch,)` or `(batch, 1)`, or of single values;
    eagerly or in `dataset.map`, as strings are no part of compiled code. In a functional model
    start from `get_inputs()` and `get_encoded_features()`.

    >>> import hornbill as hb
    >>> table = {"size": [1.0, 3.0], "color": ["red", "blue"]}
    >>> space = hb.utils.FeatureSpace({"size": "float_normalized", "color": "string_categorical"})
    >>> space.adapt(table)
    >>> space(table).tolist()
    [[0.0, 1.0, 0.0, -1.0], [0.0, 0.0, 1.0, 1.0]]
    """

    def __init__(
        self,
        features: dict,
        output_mode: str = "concat",
        crosses=None,
        crossing_dim: int = 32,
        hashing_dim: int = 32,
        num_discretization_bins: int = 32,
        name: str | None = None,
    ):
        super().__init__(name=name)
        if not isinstance(features, dict) or not features:
            raise ValueError(
                f"FeatureSpace takes a dict {{column: kind}}. Received: features={features!r}"
            )
        if output_mode not in ("concat", "dict"):
            raise ValueError(
                "FeatureSpace's output_mode is 'concat' or 'dict'. "
                f"Received: output_mode={output_mode!r}"
            )
        self.output_mode, self.crossing_dim = output_mode, crossing_dim
        self.hashing_dim, self.num_discretization_bins = hashing_dim, num_discretization_bins
        self.features = {key: self._feature(key, kind) for key, kind in features.items()}
        self.crosses = [self._cross(cross) for cross in crosses or ()]
        self.preprocessors = {key: f.preprocessor for key, f in self.features.items()}
        self.crossers = {
            cross.name: layers.HashedCrossing(cross.crossing_dim, name=cross.name)
            for cross in self.crosses
        }
        self.one_hot_encoders: dict = {}
        self.inputs = {
            key: layers.Input(shape=(1,), dtype=feature.dtype, name=key)
            for key, feature in self.features.items()
        }
        self._encoded = None
        self._is_adapted = not self._adaptable()

    # ---- kinds of features ---------------------------------------------------------------

    @classmethod
    def cross(cls, feature_names, crossing_dim: int, output_mode: str = "one_hot") -> Cross:
        """A cross of columns, with `output_mode` `"one_hot"` or `"int"`."""
        return Cross(feature_names, crossing_dim, output_mode)

    @classmethod
    def feature(cls, dtype: str, preprocessor, output_mode: str) -> Feature:
        """A column prepared by a layer of your own; what it gives is `output_mode`'s kind:
        `"float"` is taken as it is, `"int"` too, `"one_hot"` encodes ints of a known range."""
        return Feature(dtype, preprocessor, output_mode)

    @classmethod
    def float(cls, name: str | None = None) -> Feature:
        """Numbers as they are."""
        return Feature("float32", layers.Identity(name=_name(name, "float")), "float")

    @classmethod
    def float_rescaled(cls, scale=1.0, offset=0.0, name: str | None = None) -> Feature:
        """Numbers times `scale` plus `offset`."""
        name = _name(name, "float_rescaled")
        return Feature("float32", layers.Rescaling(scale, offset, name=name), "float")

    @classmethod
    def float_normalized(cls, name: str | None = None) -> Feature:
        """Numbers with zero mean and unit variance."""
        name = _name(name, "float_normalized")
        return Feature("float32", layers.Normalization(axis=-1, name=name), "float")

    @classmethod
    def float_discretized(
        cls, num_bins, bin_boundaries=None, output_mode: str = "one_hot", name: str | None = None
    ) -> Feature:
        """Numbers as the bins in which they lie. `num_bins` is None where boundaries are given."""
        layer = layers.Discretization(
            bin_boundaries, num_bins, name=_name(name, "float_discretized")
        )
        return Feature("float32", layer, output_mode)

    @classmethod
    def integer_categorical(
        cls,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        output_mode: str = "one_hot",
        name: str | None = None,
    ) -> Feature:
        """Ints by a vocabulary."""
        name = _name(name, "integer_categorical")
        layer = layers.IntegerLookup(max_tokens, num_oov_indices, name=name)
        return Feature("int32", layer, output_mode)

    @classmethod
    def string_categorical(
        cls,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        output_mode: str = "one_hot",
        name: str | None = None,
    ) -> Feature:
        """Strings by a vocabulary."""
        name = _name(name, "string_categorical")
        layer = layers.StringLookup(max_tokens, num_oov_indices, name=name)
        return Feature("string", layer, output_mode)

    @classmethod
    def integer_hashed(
        cls, num_bins: int, output_mode: str = "one_hot", name: str | None = None
    ) -> Feature:
        """Ints hashed to bins."""
        layer = layers.Hashing(num_bins, name=_name(name, "integer_hashed"))
        return Feature("int32", layer, output_mode)

    @classmethod
    def string_hashed(
        cls, num_bins: int, output_mode: str = "one_hot", name: str | None = None
    ) -> Feature:
        """Strings hashed to bins."""
        layer = layers.Hashing(num_bins, name=_name(name, "string_hashed"))
        return Feature("string", layer, output_mode)

    def _feature(self, name, kind) -> Feature:
        if isinstance(kind, Feature):
            return kind
        settings = {
            "float": {},
            "float_normalized": {},
            "float_rescaled": {},
            "float_discretized": {"num_bins": self.num_discretization_bins},
            "integer_categorical": {},
            "string_categorical": {},
            "integer_hashed": {"num_bins": self.hashing_dim},
            "string_hashed": {"num_bins": self.hashing_dim},
        }
        if not isinstance(kind, str) or kind not in settings:
            raise ValueError(
                f"FeatureSpace's kinds are {', '.join(map(repr, settings))}, or what the methods "
                f"of these names return. Received: {name}={kind!r}"
            )
        return getattr(self, kind)(name=name, **settings[kind])

    def _cross(self, cross) -> Cross:
        if not isinstance(cross, Cross):
            cross = Cross(cross, self.crossing_dim)
        unknown = [key for key in cross.feature_names if key not in self.features]
        if unknown or len(cross.feature_names) < 2:
            raise ValueError(
                f"A cross is of two or more of the columns {sorted(self.features)}. "
                f"Received: {cross.feature_names}"
            )
        return cross

    # ---- learning ------------------------------------------------------------------------

    def _adaptable(self) -> dict[str, AdaptableLayer]:
        return {
            key: layer
            for key, layer in self.preprocessors.items()
            if isinstance(layer, AdaptableLayer) and not layer.fixed
        }

    def adapt(self, dataset) -> None:
        """Learns what the columns' layers need: statistics, bins, vocabularies.

        Args:
            dataset: a dict of whole columns, or an iterable of dicts, each a batch or a single
                row. Of a tuple, `(x, y)`, the first item counts. Layers of your own that are no
                preprocessing layers of Hornbill's are adapted beforehand.
        """
        batches = [dataset] if isinstance(dataset, dict) else dataset
        layers_of = self._adaptable()
        for layer in layers_of.values():
            layer.reset_state()
        read = 0
        for batch in batches:
            batch = batch[0] if isinstance(batch, tuple) else batch
            self._check(batch)
            for key, layer in layers_of.items():
                layer.update_state(_column(batch[key], self.features[key].dtype))
            read += 1
        if not read:
            raise ValueError(
                f"FeatureSpace.adapt needs data. Received: an empty {type(dataset).__name__}"
            )
        for layer in layers_of.values():
            layer.finalize_state()
        self._is_adapted = self.built = True
        self._encoded, self.one_hot_encoders = None, {}

    # ---- calls ---------------------------------------------------------------------------

    def __call__(self, data, **kwargs):
        self._check(data)
        if any_symbolic((data,), {}):
            return self._encode(data)  # the layers inside are the graph's
        return super().__call__(data, **kwargs)

    def _cast(self, structure):
        return structure  # strings stay strings, ints keep their 64 bits

    def call(self, data):
        columns = {key: _column(data[key], kind.dtype) for key, kind in self.features.items()}
        outputs = self._encode(columns)
        if any(np.ndim(data[key]) == 0 for key in self.features):
            return jax.tree.map(lambda x: x[0], outputs)
        return outputs

    def build(self, input_shape=None):
        """What is inside is built by `adapt` or its first call."""

    def get_inputs(self) -> dict:
        """`{column: Input}`, for a functional model."""
        return self.inputs

    def get_encoded_features(self):
        """What the inputs of `get_inputs` become, for a functional model."""
        if self._encoded is None:
            self._encoded = self._encode(self.inputs)
        return self._encoded

    def _check(self, data) -> None:
        if not isinstance(data, dict):
            raise ValueError(
                f"FeatureSpace '{self.name}' takes a dict of columns. "
                f"Received: {type(data).__name__}"
            )
        missing = [key for key in self.features if key not in data]
        if missing:
            raise ValueError(
                f"FeatureSpace '{self.name}' needs the columns {sorted(self.features)}; {missing} "
                f"are missing. Received: {sorted(data)}"
            )

    def _encode(self, columns):
        if not self._is_adapted:
            raise ValueError(
                f"FeatureSpace '{self.name}' has to learn {sorted(self._adaptable())} first: call "
                "adapt(dataset)."
            )
        ready = {key: self.preprocessors[key](columns[key]) for key in sorted(self.features)}
        for cross in sorted(self.crosses, key=lambda c: c.name):
            parts = [ready[key] for key in cross.feature_names]
            ready[cross.name] = self.crossers[cross.name](parts)
        kinds = {**self.features, **{cross.name: cross for cross in self.crosses}}
        for key, x in ready.items():
            if kinds[key].output_mode == "one_hot":
                ready[key] = self._encoder(key)(x)
        if self.output_mode == "dict":
            return ready
        for key, x in ready.items():
            if not str(x.dtype).startswith(("float", "bfloat")):
                raise ValueError(
                    f"FeatureSpace '{self.name}' joins vectors of floats, and '{key}' is "
                    f"{x.dtype}: give it output_mode='one_hot', or take output_mode='dict'."
                )
        return ops.concatenate(list(ready.values()), axis=-1)

    def _encoder(self, key: str):
        if key not in self.one_hot_encoders:
            layer = self.crossers.get(key) or self.preprocessors[key]
            self.one_hot_encoders[key] = layers.CategoryEncoding(
                _categories(key, layer), "multi_hot", name=f"{self.name}_{key}_encoder"
            )
        return self.one_hot_encoders[key]

    # ---- files ---------------------------------------------------------------------------

    def save(self, filepath) -> None:
        """Writes it to a `.keras` file, which `saving.load_model` opens."""
        save_model(self, filepath)

    def get_config(self) -> dict:
        return {
            **super().get_config(),
            "features": {key: _part(feature) for key, feature in self.features.items()},
            "crosses": [_part(cross) for cross in self.crosses],
        }

    @classmethod
    def from_config(cls, config: dict) -> "FeatureSpace":
        def part(value, kind):
            inner = value.get("config") if isinstance(value, dict) else None
            if not isinstance(inner, dict):
                return value
            arguments = {key: deserialize(v, slot="layer") for key, v in inner.items()}
            return kind(**arguments)

        features = {key: part(value, Feature) for key, value in config["features"].items()}
        crosses = [part(value, Cross) for value in config.get("crosses") or ()]
        return cls(**{**config, "features": features, "crosses": crosses})

    def get_build_config(self) -> dict | None:
        """The shapes with which the columns' layers were built."""
        if not self._is_adapted:
            return None
        return {key: layer.get_build_config() for key, layer in self.preprocessors.items()}

    def build_from_config(self, config: dict) -> None:
        """Builds the columns' layers with the shapes that `get_build_config` gave."""
        for key, shapes in config.items():
            if shapes and not self.preprocessors[key].built:
                self.preprocessors[key].build_from_config(shapes)
        self._is_adapted = self.built = True


def _check_mode(mode: str, allowed: tuple[str, ...]) -> None:
    if mode not in allowed:
        raise ValueError(
            f"A feature's output_mode is one of {', '.join(map(repr, allowed))}. "
            f"Received: output_mode={mode!r}"
        )


def _name(name: str | None, kind: str) -> str:
    return f"{name or unique_name(kind)}_preprocessor"


def _column(values, dtype: str):
    """A column of shape `(batch, 1)`, or more axes where the values have them."""
    values = values if hasattr(values, "shape") else np.asarray(values)
    values = values.reshape(-1, 1) if values.ndim < 2 else values
    return values.astype(dtype) if dtype.startswith("float") else values


def _part(thing) -> dict:
    name = type(thing).__name__
    config = thing.get_config()
    return {"module": MODULE, "class_name": name, "config": config, "registered_name": name}


def _categories(key: str, layer) -> int:
    if isinstance(layer, IndexLookup):
        return layer.vocabulary_size()
    if isinstance(layer, layers.CategoryEncoding):
        return layer.num_tokens
    if isinstance(layer, layers.Discretization) and layer.bin_boundaries is not None:
        return layer.num_bins or len(layer.bin_boundaries) + 1
    if isinstance(layer, (layers.Hashing, layers.HashedCrossing)):
        return layer.num_bins
    raise ValueError(
        f"FeatureSpace does not know how many categories '{key}' has, so it cannot be one-hot: "
        f"take output_mode='int'. Received: a preprocessor of type {type(layer).__name__}"
    )
