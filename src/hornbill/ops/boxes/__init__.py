"""Ops of bounding boxes, public as `hornbill.utils.bounding_boxes`."""

from .deltas import decode_deltas_to_boxes, encode_box_to_deltas
from .formats import convert_format
from .overlap import compute_ciou, compute_iou
from .transforms import affine_transform, clip_to_image_size, crop, pad
