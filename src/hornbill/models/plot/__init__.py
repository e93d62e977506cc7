"""Pictures of models: a chart of cards, laid out in rows, drawn by matplotlib or Graphviz."""

from .model_picture import model_to_dot, plot_model
