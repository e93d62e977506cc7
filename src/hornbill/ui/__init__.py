"""Runs written down as they train (`RunLogger`), and the page that follows them (`hornbill ui`).

The page's server needs nothing of the engine, so nothing is imported here.
"""
