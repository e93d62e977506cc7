"""fit's machinery, as functions over a model."""
