"""Batches of images from files, varied: those of a folder, and those that a table names."""

import os
import warnings

import numpy as np

from ...training.callbacks.callback import write
from ...utils.images import COLOR_MODES, check_color_mode, img_to_array, load_img
from .iterators import VariedIterator, check_subset, part

# What each class_mode gives for a file, and whether it is for files with one of some classes.
_OF_CLASSES = ("binary", "categorical", "sparse")
_DIRECTORY_MODES = (*_OF_CLASSES, "input", None)
_DATAFRAME_MODES = (*_DIRECTORY_MODES, "multi_output", "raw")


class FilesIterator(VariedIterator):
    """Batches of images from files: what the two below share.

    A batch is `x`, `(x, y)` or `(x, y, sample_weight)`; `y` is, by `class_mode`, the class as a
    number (`"binary"`, `"sparse"`) or a one-hot row (`"categorical"`), the images themselves
    (`"input"`), the table's values (`"raw"`, `"multi_output"`: a list), or not there (None).

    Attributes:
        filenames, filepaths: the files, as they are named and with their folder.
        samples, n: their number.
        classes, labels: each file's class as a number, or what the table says of it.
        class_indices: the classes' numbers by their names.
        image_shape: the shape of one image.
    """

    def __init__(
        self,
        filenames,
        labels,
        sample_weight,
        *,
        directory,
        class_mode,
        target_size,
        color_mode,
        interpolation,
        keep_aspect_ratio,
        batch_size,
        shuffle,
        seed,
        **options,
    ):
        super().__init__(len(filenames), batch_size, shuffle, seed, **options)
        self.directory = directory
        self.filenames = filenames
        self.filepaths = [os.path.join(directory, name) for name in filenames]
        self.samples = self.n
        self.labels, self.sample_weight = labels, sample_weight
        self.class_mode = class_mode
        self.target_size = tuple(target_size)
        self.color_mode = color_mode
        self.interpolation = interpolation
        self.keep_aspect_ratio = keep_aspect_ratio
        channels = (len(COLOR_MODES[color_mode]),)  # "L", "RGB", "RGBA"
        first = self.data_format == "channels_first"
        self.image_shape = channels + self.target_size if first else self.target_size + channels

    def _read(self, index) -> np.ndarray:
        image = load_img(
            self.filepaths[index],
            color_mode=self.color_mode,
            target_size=self.target_size,
            interpolation=self.interpolation,
            keep_aspect_ratio=self.keep_aspect_ratio,
        )
        return img_to_array(image, self.data_format)

    def _get_batches_of_transformed_samples(self, index_array):
        x = self._batch(index_array, self._read, self.image_shape)
        if self.class_mode is None:
            return x
        batch = (x, self._targets(x, index_array))
        weight = self.sample_weight
        return batch if weight is None else (*batch, weight[index_array])

    def _targets(self, x, index_array):
        if self.class_mode == "input":
            return x.copy()
        if self.class_mode == "multi_output":
            return [output[index_array] for output in self.labels]
        if self.class_mode == "raw":
            return self.labels[index_array]
        labels = [self.labels[i] for i in index_array]
        if self.class_mode != "categorical":
            return np.array(labels, self.dtype)
        rows = np.zeros((len(labels), len(self.class_indices)), self.dtype)
        for row, label in zip(rows, labels, strict=True):
            row[label] = 1  # a file of several classes has a list of them
        return rows


def _check(who: str, class_mode, class_modes, color_mode, subset) -> None:
    if class_mode not in class_modes:
        raise ValueError(
            f"{who}'s class_mode is one of {', '.join(map(repr, class_modes))}. "
            f"Received: class_mode={class_mode!r}"
        )
    check_color_mode(who, color_mode)
    check_subset(who, subset)


def _validation_split(image_data_generator, subset) -> float:
    return 0.0 if subset is None else image_data_generator._validation_split


class DirectoryIterator(FilesIterator):
    """Batches of the images below a folder: what `ImageDataGenerator.flow_from_directory` returns.

    Args:
        directory: a folder that holds a folder for each class.
        image_data_generator: the `ImageDataGenerator`; None leaves the images as they are.
        dtype: of the batches; `floatx()` when None.
        target_size, color_mode, classes, class_mode, batch_size, shuffle, seed, data_format,
            save_to_dir, save_prefix, save_format, follow_links, subset, interpolation,
            keep_aspect_ratio: see `ImageDataGenerator.flow_from_directory`.
    """

    def __init__(
        self,
        directory,
        image_data_generator,
        target_size=(256, 256),
        color_mode: str = "rgb",
        classes=None,
        class_mode: str | None = "categorical",
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int | None = None,
        data_format: str | None = None,
        save_to_dir=None,
        save_prefix: str = "",
        save_format: str = "png",
        follow_links: bool = False,
        subset: str | None = None,
        interpolation: str = "nearest",
        keep_aspect_ratio: bool = False,
        dtype=None,
    ):
        _check("flow_from_directory", class_mode, _DIRECTORY_MODES, color_mode, subset)
        directory = os.fspath(directory)
        if not classes:
            classes = sorted(entry.name for entry in os.scandir(directory) if entry.is_dir())
        self.num_classes = len(classes)
        self.class_indices = {name: i for i, name in enumerate(classes)}
        split = _validation_split(image_data_generator, subset)
        filenames, numbers = [], []
        for number, name in enumerate(classes):
            found = self._files(os.path.join(directory, name), name, follow_links)
            kept = found[part(subset, split, len(found))]
            filenames += kept
            numbers += [number] * len(kept)
        self.classes = np.array(numbers, "int32")
        write(f"Found {len(filenames)} images belonging to {len(classes)} classes.")
        super().__init__(
            filenames,
            self.classes,
            None,
            directory=directory,
            image_data_generator=image_data_generator,
            class_mode=class_mode,
            target_size=target_size,
            color_mode=color_mode,
            batch_size=batch_size,
            shuffle=shuffle,
            seed=seed,
            data_format=data_format,
            save_to_dir=save_to_dir,
            save_prefix=save_prefix,
            save_format=save_format,
            interpolation=interpolation,
            keep_aspect_ratio=keep_aspect_ratio,
            dtype=dtype,
        )

    def _files(self, folder: str, name: str, follow_links: bool) -> list[str]:
        """The images in a class's folder and below, named from the folder above it."""
        return [
            os.path.join(name, os.path.relpath(os.path.join(root, file), folder))
            for root, _, files in sorted(os.walk(folder, followlinks=follow_links))
            for file in sorted(files)
            if file.lower().endswith(self.white_list_formats)
        ]


class DataFrameIterator(FilesIterator):
    """Batches of the images that a table names: what `ImageDataGenerator.flow_from_dataframe`
    returns.

    Args:
        dataframe: a pandas DataFrame with a row for each file.
        directory: the folder of the files; None where the table holds whole paths.
        image_data_generator: the `ImageDataGenerator`; None leaves the images as they are.
        dtype: of the batches.
        x_col, y_col, weight_col, target_size, color_mode, classes, class_mode, batch_size,
            shuffle, seed, data_format, save_to_dir, save_prefix, save_format, subset,
            interpolation, keep_aspect_ratio, validate_filenames: see
            `ImageDataGenerator.flow_from_dataframe`.
    """

    def __init__(
        self,
        dataframe,
        directory=None,
        image_data_generator=None,
        x_col: str = "filename",
        y_col="class",
        weight_col: str | None = None,
        target_size=(256, 256),
        color_mode: str = "rgb",
        classes=None,
        class_mode: str | None = "categorical",
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int | None = None,
        data_format: str | None = "channels_last",
        save_to_dir=None,
        save_prefix: str = "",
        save_format: str = "png",
        subset: str | None = None,
        interpolation: str = "nearest",
        keep_aspect_ratio: bool = False,
        dtype="float32",
        validate_filenames: bool = True,
    ):
        _check("flow_from_dataframe", class_mode, _DATAFRAME_MODES, color_mode, subset)
        _check_columns(dataframe, x_col, y_col, weight_col, class_mode, classes)
        directory = os.fspath(directory or "")
        table = dataframe
        if validate_filenames:
            table = self._with_files(table, directory, x_col)
        belonging = ""
        if class_mode in _OF_CLASSES:
            table, classes = _of_classes(table, y_col, classes)
            self.class_indices = {name: i for i, name in enumerate(classes)}
            belonging = f" belonging to {len(classes)} classes"
        split = _validation_split(image_data_generator, subset)
        table = table.iloc[part(subset, split, len(table))]
        labels = self._labels(table, y_col, class_mode)
        if class_mode in _OF_CLASSES:
            self.classes = labels
        checked = "validated" if validate_filenames else "non-validated"
        write(f"Found {len(table)} {checked} image filenames{belonging}.")
        super().__init__(
            table[x_col].tolist(),
            labels,
            table[weight_col].to_numpy() if weight_col else None,
            directory=directory,
            image_data_generator=image_data_generator,
            class_mode=class_mode,
            target_size=target_size,
            color_mode=color_mode,
            batch_size=batch_size,
            shuffle=shuffle,
            seed=seed,
            data_format=data_format,
            save_to_dir=save_to_dir,
            save_prefix=save_prefix,
            save_format=save_format,
            interpolation=interpolation,
            keep_aspect_ratio=keep_aspect_ratio,
            dtype=dtype,
        )

    def _with_files(self, table, directory: str, x_col: str):
        """The rows whose files are there."""
        there = [
            name.lower().endswith(self.white_list_formats)
            and os.path.isfile(os.path.join(directory, name))
            for name in table[x_col]
        ]
        if not all(there):
            warnings.warn(
                f"flow_from_dataframe leaves out {len(there) - sum(there)} files of the column "
                f"'{x_col}' that are not there or no images (it reads "
                f"{', '.join(self.white_list_formats)})",
                stacklevel=4,
            )
        return table[there]

    def _labels(self, table, y_col, class_mode):
        if class_mode == "raw":
            return table[y_col].to_numpy()
        if class_mode == "multi_output":
            return [np.array(table[column].tolist()) for column in y_col]
        if class_mode not in _OF_CLASSES:
            return None
        number = self.class_indices
        return [
            [number[one] for one in label] if isinstance(label, (list, tuple)) else number[label]
            for label in table[y_col]
        ]


def _check_columns(table, x_col, y_col, weight_col, class_mode, classes) -> None:
    def check(column, types, wanted):
        wrong = [value for value in table[column] if not isinstance(value, types)]
        if wrong:
            raise TypeError(
                f"flow_from_dataframe needs {wanted} in the column '{column}' "
                f"(class_mode={class_mode!r}). Received: {wrong[0]!r}"
            )

    check(x_col, str, "strings")
    if class_mode == "categorical":
        check(y_col, (str, list, tuple), "strings, or lists of them,")
    elif class_mode in _OF_CLASSES:
        check(y_col, str, "strings")
    elif classes:
        warnings.warn(
            f"flow_from_dataframe has no use for classes with class_mode={class_mode!r}",
            stacklevel=5,
        )
    if class_mode == "multi_output" and not isinstance(y_col, list):
        raise TypeError(
            "flow_from_dataframe with class_mode='multi_output' takes a list of columns. "
            f"Received: y_col={y_col!r}"
        )
    if class_mode == "binary":
        named = set(classes or table[y_col])
        if len(named) != 2:
            raise ValueError(
                "flow_from_dataframe with class_mode='binary' is for two classes. "
                f"Received: classes {sorted(named)}"
            )
    if weight_col and table[weight_col].dtype.kind not in "biuf":
        raise TypeError(
            f"flow_from_dataframe needs numbers in the column '{weight_col}' of weights. "
            f"Received: dtype {table[weight_col].dtype}"
        )


def _of_classes(table, y_col, classes):
    """The rows of the classes named (of all that there are when None), and their names."""
    if not classes:
        named = {
            one
            for label in table[y_col]
            for one in (label if isinstance(label, (list, tuple)) else [label])
        }
        return table, sorted(named)
    classes = list(dict.fromkeys(classes))

    def kept(label):
        if isinstance(label, (list, tuple)):
            return [one for one in label if one in classes] or None
        return label if label in classes else None

    table = table.assign(**{y_col: [kept(label) for label in table[y_col]]})
    return table.dropna(subset=[y_col]), classes
