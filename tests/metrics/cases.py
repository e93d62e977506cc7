"""The table of all metrics, and the data that each kind of them takes."""

import keras
import numpy as np

from hornbill import metrics

rng = np.random.default_rng(7)
N, C = 6, 3


def _one_hot(labels):
    return np.eye(C, dtype="float32")[labels]


def _batch():
    labels = rng.integers(0, C, N).astype("int32")
    scores = rng.dirichlet(np.ones(C), N).astype("float32")
    binary = rng.integers(0, 2, (N, C)).astype("float32")
    binary[0], binary[1] = 0, 1
    chances = rng.uniform(0, 1, (N, C)).astype("float32")
    chances[0, 0], chances[1, 1] = 0.0, 1.0
    numbers, guesses = rng.uniform(0.5, 2, (2, N, C)).astype("float32")
    return {
        "classes": (_one_hot(labels), scores),
        "logits": (_one_hot(labels), np.log(scores)),
        "sparse": (labels, scores),
        "binary": (binary, chances),
        "binary_logits": (binary, np.log(chances + 0.1)),
        "numbers": (numbers, guesses),
        "labels": (labels, rng.integers(0, C, N).astype("int32")),
        "signs": (binary * 2 - 1, guesses - 1),
        "vector": (binary[:, 0], chances[:, 0]),
        "column": (binary[:, 0], chances[:, :1]),
    }


BATCHES = [_batch(), _batch()]
WEIGHTS = [np.array(w, "float32") for w in ([1, 0, 2, 0.5, 1, 1], [0.5, 1, 1, 3, 0, 1])]

CASES = [
    ("Accuracy", {}, "labels"),
    ("BinaryAccuracy", {}, "binary"),
    ("BinaryAccuracy", {"threshold": 0.3}, "column"),
    ("CategoricalAccuracy", {}, "classes"),
    ("SparseCategoricalAccuracy", {}, "sparse"),
    ("TopKCategoricalAccuracy", {"k": 2}, "classes"),
    ("SparseTopKCategoricalAccuracy", {"k": 2}, "sparse"),
    ("BinaryCrossentropy", {}, "binary"),
    ("BinaryCrossentropy", {"from_logits": True, "label_smoothing": 0.1}, "binary_logits"),
    ("CategoricalCrossentropy", {}, "classes"),
    ("CategoricalCrossentropy", {"from_logits": True, "label_smoothing": 0.1}, "logits"),
    ("SparseCategoricalCrossentropy", {}, "sparse"),
    ("SparseCategoricalCrossentropy", {"ignore_class": 1}, "sparse"),
    ("KLDivergence", {}, "classes"),
    ("Poisson", {}, "numbers"),
    ("MeanSquaredError", {}, "numbers"),
    ("RootMeanSquaredError", {}, "numbers"),
    ("RootMeanSquaredError", {}, "column"),
    ("MeanAbsoluteError", {}, "numbers"),
    ("MeanAbsolutePercentageError", {}, "numbers"),
    ("MeanSquaredLogarithmicError", {}, "numbers"),
    ("LogCoshError", {}, "numbers"),
    ("CosineSimilarity", {}, "numbers"),
    ("CosineSimilarity", {"axis": 0}, "numbers"),
    ("R2Score", {}, "numbers"),
    ("R2Score", {"class_aggregation": None, "num_regressors": 2}, "numbers"),
    ("R2Score", {"class_aggregation": "variance_weighted_average"}, "numbers"),
    ("Hinge", {}, "signs"),
    ("SquaredHinge", {}, "signs"),
    ("CategoricalHinge", {}, "classes"),
    ("PearsonCorrelation", {}, "numbers"),
    ("PearsonCorrelation", {"axis": 0}, "numbers"),
    ("ConcordanceCorrelation", {}, "numbers"),
    ("TruePositives", {}, "binary"),
    ("TrueNegatives", {}, "vector"),
    ("FalsePositives", {"thresholds": [0.7, 0.2, 0.5]}, "binary"),
    ("FalseNegatives", {"thresholds": [0.0, 0.5, 1.0]}, "binary"),
    ("Precision", {}, "vector"),
    ("Precision", {"thresholds": [0.2, 0.6]}, "binary"),
    ("Precision", {"top_k": 2}, "classes"),
    ("Precision", {"top_k": 2, "class_id": 1, "thresholds": 0.3}, "classes"),
    ("Recall", {}, "column"),
    ("Recall", {"class_id": 2}, "binary"),
    ("Recall", {"top_k": 1}, "classes"),
    ("SensitivityAtSpecificity", {"specificity": 0.5}, "vector"),
    ("SensitivityAtSpecificity", {"specificity": 0.3, "num_thresholds": 1}, "vector"),
    ("SpecificityAtSensitivity", {"sensitivity": 0.6, "num_thresholds": 10}, "binary"),
    ("PrecisionAtRecall", {"recall": 0.4, "class_id": 1}, "binary"),
    ("RecallAtPrecision", {"precision": 0.5}, "binary"),
    ("AUC", {}, "vector"),
    ("AUC", {"curve": "PR"}, "binary"),
    ("AUC", {"curve": "PR", "summation_method": "minoring"}, "binary"),
    ("AUC", {"summation_method": "majoring", "num_thresholds": 5}, "binary"),
    ("AUC", {"curve": "PRGAIN"}, "binary"),
    ("AUC", {"thresholds": [0.5, 0.1, 0.8]}, "binary"),
    ("AUC", {"from_logits": True}, "binary_logits"),
    ("AUC", {"label_weights": [0.2, 0.3, 0.5]}, "binary"),
    ("AUC", {"multi_label": True}, "binary"),
    ("AUC", {"multi_label": True, "num_labels": 3, "label_weights": [1.0, 2.0, 0.5]}, "binary"),
    ("AUC", {"multi_label": True, "curve": "PR"}, "binary"),
    ("F1Score", {}, "classes"),
    ("F1Score", {"average": "macro", "threshold": 0.4}, "binary"),
    ("FBetaScore", {"beta": 2.0, "average": "micro"}, "classes"),
    ("FBetaScore", {"beta": 0.5, "average": "weighted", "threshold": 0.5}, "binary"),
    ("IoU", {"num_classes": 3, "target_class_ids": [0, 2], "dtype": "float32"}, "labels"),
    ("MeanIoU", {"num_classes": 3, "dtype": "float32"}, "labels"),
    ("MeanIoU", {"num_classes": 3, "ignore_class": 1, "dtype": "float32"}, "labels"),
    ("OneHotIoU", {"num_classes": 3, "target_class_ids": [1], "dtype": "float32"}, "classes"),
    ("OneHotMeanIoU", {"num_classes": 3, "dtype": "float32"}, "classes"),
    ("BinaryIoU", {"threshold": 0.4, "dtype": "float32"}, "vector"),
]
IDS = [f"{name}-{kind}-{'-'.join(map(str, kw))}" for name, kw, kind in CASES]


def pair(name, settings):
    """Our metric and Keras's."""
    return getattr(metrics, name)(**settings), getattr(keras.metrics, name)(**settings)


def batches(kind, weighted=False):
    """The two batches, as arguments of `update_state`, with weights per sample."""
    return [
        (*batch[kind], *([weight] if weighted else []))
        for batch, weight in zip(BATCHES, WEIGHTS, strict=True)
    ]
