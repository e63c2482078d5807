"""Evaluation of where the model fails or does not answer."""
