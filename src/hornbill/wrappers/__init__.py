"""Models as scikit-learn estimators. Needs scikit-learn (`pip install scikit-learn`)."""

_ESTIMATORS = ("SKLearnClassifier", "SKLearnRegressor", "SKLearnTransformer")


def __getattr__(name: str):
    # scikit-learn is imported when one of its estimators is asked for.
    if name not in _ESTIMATORS:
        raise AttributeError(f"module 'hornbill.wrappers' has no attribute '{name}'")
    try:
        import sklearn
    except ImportError:
        raise ImportError(
            f"wrappers.{name} needs scikit-learn 1.6 or later: pip install scikit-learn. "
            "Received: no module sklearn"
        ) from None
    from . import estimators

    return getattr(estimators, name)


def __dir__():
    return list(_ESTIMATORS)
