"""Images as files and arrays."""

from ...utils.images import array_to_img, img_to_array, load_img, save_img, smart_resize
