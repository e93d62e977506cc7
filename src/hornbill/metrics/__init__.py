from .base import Mean, MeanMetricWrapper, Metric, Sum
