"""Architectures for images, with weights published for ImageNet."""

from . import imagenet_utils, vgg16, vgg19
from .vgg import VGG16, VGG19
