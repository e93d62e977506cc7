"""Images with boxes and masks drawn on them, and galleries of images.

Drawing boxes needs Pillow, galleries need matplotlib (`pip install pillow matplotlib`).
"""

from .boxes import draw_bounding_boxes
from .galleries import (
    plot_bounding_box_gallery,
    plot_image_gallery,
    plot_segmentation_mask_gallery,
)
from .masks import draw_segmentation_masks
