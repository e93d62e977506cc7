"""Distillation: a small model learns from a large one."""

from .distiller import Distiller
from .losses import DistillationLoss, FeatureDistillation, LogitsDistillation
