"""Tests of hornbill.ops."""
