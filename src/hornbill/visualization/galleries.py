"""Galleries: many images in one figure, by matplotlib."""

import math

import numpy as np

from ..engine.config import standardize_data_format
from ..engine.operation import convert_to_numpy
from .boxes import draw_bounding_boxes
from .common import image_batch, plotting, to_bytes
from .masks import draw_segmentation_masks


def plot_image_gallery(
    images,
    y_true=None,
    y_pred=None,
    label_map: dict | None = None,
    rows: int | None = None,
    cols: int | None = None,
    value_range=(0, 255),
    scale: float = 2,
    path=None,
    show: bool | None = None,
    transparent: bool = True,
    dpi: float = 60,
    legend_handles=None,
    data_format: str | None = None,
):
    """Shows a batch of images in rows and columns.

    Args:
        images: `(batch, height, width, channels)`.
        y_true: the images' classes, `(batch,)`, for their titles.
        y_pred: the predicted ones.
        label_map: `{class: name}`, needed with `y_true` and `y_pred`.
        rows, cols: how many; as many as it takes, about as many of both, when None.
        value_range: the values that are black and white.
        scale: an image's size in the figure, in inches.
        path: a file to write the figure to.
        show: whether it is shown; when None it is unless there is a path.
        transparent, dpi: of the file.
        legend_handles: matplotlib's handles for a legend.
        data_format: `"channels_last"` or `"channels_first"`; the configured one when None.

    Returns:
        The figure when it was neither shown nor written, else None.

    Raises:
        ImportError: without matplotlib.
        ValueError: for images of another form, labels without a `label_map`, or `path` and `show`.

    >>> import hornbill as hb, numpy as np, matplotlib
    >>> matplotlib.use("Agg")
    >>> figure = hb.visualization.plot_image_gallery(np.zeros((4, 8, 8, 3)), show=False)
    >>> len(figure.axes)
    4
    """
    plt = plotting("plot_image_gallery")
    images = image_batch("plot_image_gallery", images, data_format)
    if path is not None and show:
        raise ValueError(
            "plot_image_gallery writes the figure or shows it. "
            f"Received: path={path!r}, show={show!r}"
        )
    if label_map is None and not (y_true is None and y_pred is None):
        raise ValueError(
            "plot_image_gallery needs label_map={class: name} for y_true and y_pred. "
            "Received: label_map=None"
        )
    count = len(images)
    rows = rows or math.ceil(count / cols if cols else math.sqrt(count))
    cols = cols or math.ceil(count / rows)
    figure, axes = plt.subplots(
        rows,
        cols,
        figsize=(cols * scale, rows * scale),
        frameon=False,
        layout="tight",
        squeeze=False,
        sharex="row",
        sharey="col",
    )
    if legend_handles is not None:
        figure.legend(handles=legend_handles, loc="lower center")
    titles = _titles(count, label_map, Label=y_true, Pred=y_pred)
    images = to_bytes(images, value_range)
    for axis in axes.flat:
        axis.axis("off")
    for axis, image, title in zip(axes.flat, images, titles, strict=False):
        axis.imshow(image, cmap="gray", vmin=0, vmax=255)
        axis.margins(x=0, y=0)
        if title:
            axis.set_title(title, fontsize=8)
    if path is None and show is False:
        return figure
    if path is not None:
        figure.savefig(path, pad_inches=0, bbox_inches="tight", transparent=transparent, dpi=dpi)
    else:
        plt.show()
    plt.close(figure)
    return None


def _titles(count: int, label_map, **labels) -> list[str]:
    parts: list[list[str]] = [[] for _ in range(count)]
    for what, values in labels.items():
        values = [] if values is None else convert_to_numpy(values).tolist()
        for part, value in zip(parts, values, strict=False):
            part.append(f"{what}: {label_map.get(value, 'Unknown')}")
    return ["  ".join(part) for part in parts]


def plot_bounding_box_gallery(
    images,
    bounding_box_format: str,
    y_true: dict | None = None,
    y_pred: dict | None = None,
    value_range=(0, 255),
    true_color=(0, 188, 212),
    pred_color=(255, 235, 59),
    line_thickness: int = 2,
    font_scale: float = 1.0,
    text_thickness: int | None = None,
    class_mapping: dict | None = None,
    ground_truth_mapping: dict | None = None,
    prediction_mapping: dict | None = None,
    legend: bool = False,
    legend_handles=None,
    rows: int | None = None,
    cols: int | None = None,
    data_format: str | None = None,
    **kwargs,
):
    """Shows images with their true and predicted boxes.

    Args:
        images: `(batch, height, width, channels)`.
        bounding_box_format: such as `"xyxy"`; see `utils.bounding_boxes.convert_format`.
        y_true, y_pred: boxes as `draw_bounding_boxes` takes them.
        value_range: the values that are black and white.
        true_color, pred_color: the boxes' colors, from 0 to 255.
        line_thickness, font_scale: as in `draw_bounding_boxes`.
        text_thickness: the same; that of the lines when None.
        class_mapping: `{label: name}` for both.
        ground_truth_mapping, prediction_mapping: the same for one of them.
        legend: whether a legend says which color is which.
        legend_handles: matplotlib's handles for a legend of your own.
        rows, cols: as in `plot_image_gallery`, which takes `kwargs` as well.
        data_format: `"channels_last"` or `"channels_first"`; the configured one when None.

    Returns:
        What `plot_image_gallery` returns.

    Raises:
        ImportError: without matplotlib or Pillow.
        ValueError: for images of another form, or with both `legend` and `legend_handles`.

    >>> import hornbill as hb, numpy as np, matplotlib
    >>> matplotlib.use("Agg")
    >>> boxes = {"boxes": [[[2, 2, 6, 6]]], "labels": [[0]]}
    >>> figure = hb.visualization.plot_bounding_box_gallery(
    ...     np.zeros((1, 8, 8, 3)), "xyxy", y_true=boxes, show=False
    ... )
    """
    plotting("plot_bounding_box_gallery")
    drawn = image_batch("plot_bounding_box_gallery", images, data_format)
    if legend and legend_handles:
        raise ValueError(
            "plot_bounding_box_gallery takes legend or legend_handles. "
            f"Received: legend={legend!r}, legend_handles={legend_handles!r}"
        )
    drawn = to_bytes(drawn, value_range)
    looks = (
        ("Ground Truth", y_true, true_color, ground_truth_mapping or class_mapping),
        ("Prediction", y_pred, pred_color, prediction_mapping or class_mapping),
    )
    for _, boxes, color, mapping in looks:
        if boxes is not None:
            drawn = draw_bounding_boxes(
                drawn,
                boxes,
                bounding_box_format,
                class_mapping=mapping,
                color=color,
                line_thickness=line_thickness,
                text_thickness=text_thickness,
                font_scale=font_scale,
                data_format="channels_last",
            )
    if legend:
        from matplotlib.patches import Patch

        legend_handles = [
            Patch(color=np.array(color) / 255, label=name) for name, _, color, _ in looks
        ]
    return plot_image_gallery(
        drawn,
        rows=rows,
        cols=cols,
        legend_handles=legend_handles,
        data_format="channels_last",
        **kwargs,
    )


def plot_segmentation_mask_gallery(
    images,
    num_classes: int,
    value_range=(0, 255),
    y_true=None,
    y_pred=None,
    color_mapping: dict | None = None,
    blend: bool = True,
    alpha: float = 0.8,
    ignore_index: int = -1,
    data_format: str | None = None,
    **kwargs,
):
    """Shows images beside the same images with their true and predicted masks, a row for each.

    Args:
        images: `(batch, height, width, channels)`.
        num_classes: the highest class.
        value_range: the values that are black and white.
        y_true, y_pred: masks, `(batch, height, width)` or `(batch, height, width, 1)`.
        color_mapping, blend, alpha, ignore_index: as in `draw_segmentation_masks`.
        data_format: `"channels_last"` or `"channels_first"`, of images and masks; the configured
            one when None.
        **kwargs: go to `plot_image_gallery`.

    Returns:
        What `plot_image_gallery` returns.

    >>> import hornbill as hb, numpy as np, matplotlib
    >>> matplotlib.use("Agg")
    >>> figure = hb.visualization.plot_segmentation_mask_gallery(
    ...     np.zeros((2, 4, 4, 3)), 1, y_true=np.ones((2, 4, 4), "int32"), show=False
    ... )
    >>> len(figure.axes)
    4
    """
    first = standardize_data_format(data_format) == "channels_first"
    plain = image_batch("plot_segmentation_mask_gallery", images, data_format)
    plain = to_bytes(plain, value_range)
    columns = [plain]
    for masks in (y_true, y_pred):
        if masks is not None:
            masks = convert_to_numpy(masks).astype("int32")
            masks = masks[:, 0] if first and masks.ndim == 4 else masks
            drawn = draw_segmentation_masks(
                plain, masks, num_classes, color_mapping, alpha, blend, ignore_index,
                data_format="channels_last",
            )  # fmt: skip
            columns.append(drawn)
    gallery = np.stack(columns, axis=1).reshape(-1, *plain.shape[1:])
    return plot_image_gallery(
        gallery, rows=len(plain), cols=len(columns), data_format="channels_last", **kwargs
    )
