"""The scripts are run by `test_scripts.py`, each in a process of its own: they are no tests."""

collect_ignore_glob = ["scripts/*"]
