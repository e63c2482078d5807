"""Evaluation of decisions from the probabilities."""
