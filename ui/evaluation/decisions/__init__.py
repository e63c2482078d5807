"""Evaluation of what follows from the probabilities."""
