"""Folders of texts as datasets."""

import numpy as np

from .directory import check_format, directory_dataset


def text_dataset_from_directory(
    directory,
    labels="inferred",
    label_mode: str | None = "int",
    class_names=None,
    batch_size: int | None = 32,
    max_length: int | None = None,
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    follow_links: bool = False,
    format: str = "tf",
    verbose: bool = True,
):
    """The texts (`.txt`, UTF-8) below a folder as a dataset.

    Args:
        directory: the folder; with `labels="inferred"` it holds a folder for each class.
        labels: `"inferred"`, None, or a list of ints, one for each file in the order of the paths.
        label_mode: `"int"`, `"categorical"` (one-hot rows), `"binary"` (a float column) or None.
        class_names: the classes' folders in the order of their labels; alphabetical when None.
        batch_size: texts per batch; None gives single texts.
        max_length: characters after which a text is cut; None keeps it whole.
        shuffle: whether each reading has an order of its own; else alphabetical.
        seed: of the order.
        validation_split: the share of the files in the validation part.
        subset: `"training"`, `"validation"` or `"both"`, with `validation_split`.
        follow_links: whether links to folders are followed.
        format: Keras's choice of a library; leave it.
        verbose: whether the numbers of files are printed.

    Returns:
        A `Dataset` of arrays of strings (dtype object) of shape `(batch,)`, or of pairs of these
        and labels; with `subset="both"` a list of the training and the validation part. It has
        `class_names` and `file_paths`. Turn the text into numbers with `dataset.map`.

    >>> import hornbill as hb, tempfile, pathlib
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> for name in ("ham", "spam"):
    ...     (folder / name).mkdir()
    ...     _ = (folder / name / "1.txt").write_text(name * 2)
    >>> data = hb.utils.text_dataset_from_directory(folder, shuffle=False, verbose=False)
    >>> [(x.tolist(), y.tolist()) for x, y in data]
    [(['hamham', 'spamspam'], [0, 1])]
    """
    who = "text_dataset_from_directory"
    check_format(who, format)
    if max_length is not None and (not isinstance(max_length, (int, np.integer)) or max_length < 1):
        raise ValueError(
            f"{who}'s max_length is a positive int or None. Received: max_length={max_length!r}"
        )

    def load(path):
        with open(str(path), encoding="utf-8") as file:
            # A 0-d array of dtype object: NumPy's own strings are as wide as the longest.
            return np.array(file.read(-1 if max_length is None else max_length), dtype=object)

    return directory_dataset(
        who,
        directory,
        load=load,
        formats=(".txt",),
        labels=labels,
        label_mode=label_mode,
        class_names=class_names,
        batch_size=batch_size,
        shuffle=shuffle,
        seed=seed,
        validation_split=validation_split,
        subset=subset,
        follow_links=follow_links,
        verbose=verbose,
    )
