"""Measurements that anyone can rerun on their own machine."""

from model.installed import need_packages

need_packages(("numpy",), "make test")  # a system's own Python would otherwise end in a traceback
