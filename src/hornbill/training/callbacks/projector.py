"""Embeddings for TensorBoard's projector: a table for each Embedding layer."""

import os

import numpy as np

from ...layers import Embedding


def embedding_layers(model) -> list[Embedding]:
    """The model's Embedding layers."""
    return [layer for layer in model.layers if isinstance(layer, Embedding)]


def check_metadata(model, metadata) -> None:
    """Raises where `embeddings_metadata` names a layer that is no Embedding of the model."""
    if metadata is None or isinstance(metadata, (str, os.PathLike)):
        return
    names = [layer.name for layer in embedding_layers(model)]
    unknown = [name for name in metadata if name not in names]
    if unknown:
        raise ValueError(
            f"TensorBoard's embeddings_metadata names Embedding layers of the model: {names}. "
            f"Received: {unknown}"
        )


def _table(layer) -> str:
    return os.path.join("embeddings", f"{layer.name}.tsv")


def write_projector_config(model, folder: str, metadata) -> None:
    """Tells the projector where the tables and their labels are."""
    from google.protobuf import text_format
    from tensorboard.plugins.projector import ProjectorConfig

    config = ProjectorConfig()
    for layer in embedding_layers(model):
        labels = metadata.get(layer.name) if isinstance(metadata, dict) else metadata
        entry = config.embeddings.add(tensor_name=layer.name, tensor_path=_table(layer))
        if labels is not None:
            entry.metadata_path = os.fspath(labels)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "projector_config.pbtxt"), "w") as file:
        file.write(text_format.MessageToString(config))


def write_embeddings(model, folder: str) -> None:
    """Writes the present tables, a row for each word."""
    os.makedirs(os.path.join(folder, "embeddings"), exist_ok=True)
    for layer in embedding_layers(model):
        table = np.asarray(layer.embeddings, "float32")
        np.savetxt(os.path.join(folder, _table(layer)), table, fmt="%.6g", delimiter="\t")
