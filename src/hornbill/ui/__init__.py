"""Runs written down as they train (`RunLogger`), and the page that follows them (`hornbill ui`)."""

from .run_logger import RunLogger
