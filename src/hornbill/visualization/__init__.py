"""Images with boxes and masks drawn on them, galleries, learning curves, confusion matrices.

Drawing boxes needs Pillow, all else matplotlib (`pip install hornbill[images,plot]`).
"""

from ..training.callbacks.curves import plot_learning_curves
from .boxes import draw_bounding_boxes
from .confusion import confusion_matrix, plot_confusion_matrix
from .galleries import (
    plot_bounding_box_gallery,
    plot_image_gallery,
    plot_segmentation_mask_gallery,
)
from .masks import draw_segmentation_masks
