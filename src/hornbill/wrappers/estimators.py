"""The three estimators: scikit-learn's `fit`, `predict` and `transform` over a Model."""

import numpy as np
import sklearn
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, TransformerMixin
from sklearn.utils.metadata_routing import MetadataRequest
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_is_fitted, validate_data

from ..models import Model, clone_model

ARGUMENTS = """
    Args:
        model: a compiled Model, which `fit` copies, so that each fit starts from new weights; or a
            function `model(X, y, **model_kwargs)` that returns one, made to the data's shapes.
        warm_start: whether `fit` goes on training the model it has: the given one itself, or the
            one that the function made at the first fit.
        model_kwargs: further arguments of the function.
        fit_kwargs: arguments of `Model.fit`; those given to `fit` itself come first.

    Attributes:
        model_: the fitted Model.
        history_: what `Model.fit` returned.
"""


class ModelEstimator(BaseEstimator):
    """What the estimators share: a model made, fitted and asked in scikit-learn's form."""

    def __init__(
        self,
        model,
        warm_start: bool = False,
        model_kwargs: dict | None = None,
        fit_kwargs: dict | None = None,
    ):
        # Checked in `fit`: scikit-learn wants arguments kept as they are given.
        self.model = model
        self.warm_start = warm_start
        self.model_kwargs = model_kwargs
        self.fit_kwargs = fit_kwargs

    def fit(self, X, y, **kwargs):
        """Trains the model.

        Args:
            X: samples, `(samples, features)`.
            y: targets, `(samples,)`, or `(samples, outputs)` where the estimator takes several.
            **kwargs: arguments of `Model.fit`, such as `epochs` and `sample_weight`.

        Raises:
            TypeError: if `model` is no Model, nor a function that returns one.
            RuntimeError: if it is not compiled with a loss and an optimizer.
        """
        X, y = validate_data(self, X, y, multi_output=self._several_outputs())
        y = self._encode(y)
        model = self._make_model(X, y)
        self.history_ = model.fit(X, y, **{**(self.fit_kwargs or {}), **kwargs})
        self.model_ = model
        return self

    def predict(self, X):
        """The model's predictions, in the form of the targets that it was fitted to."""
        return self._decode(self._outputs(X))

    @property
    def epoch_(self) -> int:
        """How many epochs the last fit ran."""
        history = getattr(self, "history_", None)
        return 0 if history is None else len(history.epoch)

    def set_fit_request(self, **kwargs):
        """Says which metadata `fit` asks of scikit-learn's meta-estimators.

        Args:
            **kwargs: `name=True`, False, None or another name to take it by, such as
                `sample_weight=True`.

        Raises:
            RuntimeError: unless `sklearn.set_config(enable_metadata_routing=True)`.
        """
        if not sklearn.get_config().get("enable_metadata_routing", False):
            raise RuntimeError(
                "set_fit_request needs scikit-learn's metadata routing: "
                f"sklearn.set_config(enable_metadata_routing=True). Received: {kwargs}"
            )
        request = MetadataRequest(owner=self)
        for name, alias in kwargs.items():
            request.fit.add_request(param=name, alias=alias)
        self._metadata_request = request
        return self

    def _make_model(self, X, y) -> Model:
        if self.warm_start and hasattr(self, "model_"):
            model = self.model_
        elif isinstance(self.model, Model):
            model = self.model if self.warm_start else clone_model(self.model)
        elif callable(self.model):
            model = self.model(X=X, y=y, **(self.model_kwargs or {}))
        else:
            model = self.model
        who = type(self).__name__
        if not isinstance(model, Model):
            raise TypeError(
                f"{who}'s model is a Model, or a function (X, y, **model_kwargs) that returns one. "
                f"Received: model={self.model!r}, which gave {model!r}"
            )
        if not model.compiled or model.loss is None or model.optimizer is None:
            raise RuntimeError(
                f"{who} needs a model that is compiled with a loss and an optimizer: call "
                f"model.compile(optimizer=..., loss=...) first. Received: {model!r}"
            )
        return model

    def _outputs(self, X) -> np.ndarray:
        check_is_fitted(self)
        return self.model_.predict(validate_data(self, X, reset=False), verbose=0)

    def _several_outputs(self) -> bool:
        return self.__sklearn_tags__().target_tags.multi_output

    def _encode(self, y):
        """Targets as the model takes them: `(samples, outputs)`."""
        if type_of_target(y) == "unknown":
            raise ValueError(
                f"Unknown label type: {type(self).__name__} takes numbers. Received: y={y!r}"
            )
        self._flat_targets, self._target_dtype = y.ndim == 1, np.result_type(y, np.float32)
        return y.reshape(len(y), -1)

    def _decode(self, outputs):
        outputs = outputs.astype(self._target_dtype)
        return outputs[:, 0] if self._flat_targets and outputs.shape[1:] == (1,) else outputs

    def __sklearn_clone__(self):
        """A copy that is not fitted. Models are copied as models, with their weights."""
        parameters = self.get_params(deep=False)
        if isinstance(self.model, Model):
            parameters["model"] = _copy(self.model)
        return type(self)(**parameters)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.non_deterministic = True
        return tags


def _copy(model: Model) -> Model:
    copy = clone_model(model)
    if model.built:
        if not copy.built:
            copy.build_from_config(model.get_build_config())
        copy.set_weights(model.get_weights())
    return copy


class SKLearnClassifier(ClassifierMixin, ModelEstimator):
    __doc__ = f"""A classifier whose model has one output per class.

    Targets are one label per sample, of any kind; the model is fitted to them one-hot encoded, so
    its last layer has as many units as there are classes, and its loss is
    `"categorical_crossentropy"`.
{ARGUMENTS}        classes_: the labels, sorted, in the order of the model's outputs.

    >>> import hornbill as hb
    >>> from sklearn.datasets import load_iris
    >>> def model(X, y, units=8):
    ...     model = hb.Sequential([
    ...         hb.layers.Dense(units, activation="relu"),
    ...         hb.layers.Dense(y.shape[1], activation="softmax"),
    ...     ])
    ...     model.compile("adam", loss="categorical_crossentropy")
    ...     return model
    >>> X, y = load_iris(return_X_y=True)
    >>> classifier = hb.wrappers.SKLearnClassifier(model, fit_kwargs={{"verbose": 0}})
    >>> classifier.fit(X, y).predict(X[:5]).shape
    (5,)
    """

    def decision_function(self, X) -> np.ndarray:
        """How sure the model is of each class, from its outputs as they are.

        Returns:
            `(samples, classes)`; for two classes, in scikit-learn's form, `(samples,)`: the second
            class's output less the first's.
        """
        outputs = self._outputs(X)
        return outputs[:, 1] - outputs[:, 0] if len(self.classes_) == 2 else outputs

    def _encode(self, y):
        check_classification_targets(y)
        self.classes_, indices = np.unique(y, return_inverse=True)
        if len(self.classes_) == 1:
            raise ValueError(
                "A classifier needs samples of at least two classes to train. Received: one "
                f"class, {self.classes_[0]!r}"
            )
        return np.eye(len(self.classes_))[indices]

    def _decode(self, outputs):
        return self.classes_[outputs.argmax(axis=-1)]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.poor_score = True
        return tags


class SKLearnRegressor(RegressorMixin, ModelEstimator):
    __doc__ = f"""A regressor: the model's outputs are its predictions.

    The model is fitted to targets of shape `(samples, outputs)`; for targets of shape
    `(samples,)`, that is `(samples, 1)`, predictions are flat as well.
{ARGUMENTS}
    >>> import hornbill as hb, numpy as np
    >>> model = hb.Sequential([hb.Input((3,)), hb.layers.Dense(1)])
    >>> model.compile("sgd", loss="mse")
    >>> regressor = hb.wrappers.SKLearnRegressor(model, fit_kwargs={{"verbose": 0}})
    >>> regressor.fit(np.ones((8, 3)), np.ones(8)).predict(np.ones((2, 3))).shape
    (2,)
    """

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.regressor_tags.poor_score = True
        tags.target_tags.multi_output = True
        return tags


class SKLearnTransformer(TransformerMixin, ModelEstimator):
    __doc__ = f"""A transformer in scikit-learn's sense: the model's outputs are new features.
{ARGUMENTS}
    >>> import hornbill as hb, numpy as np
    >>> model = hb.Sequential([hb.Input((3,)), hb.layers.Dense(1)])
    >>> model.compile("sgd", loss="mse")
    >>> transformer = hb.wrappers.SKLearnTransformer(model, fit_kwargs={{"verbose": 0}})
    >>> transformer.fit(np.ones((8, 3)), np.ones(8)).transform(np.ones((2, 3))).shape
    (2, 1)
    """

    def transform(self, X) -> np.ndarray:
        """The model's outputs."""
        return self._outputs(X)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags
