"""Measurements that anyone can rerun on their own machine."""
