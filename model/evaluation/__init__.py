"""Evaluate predictions: figures with intervals, curves, decisions and the tables they are stored in."""
