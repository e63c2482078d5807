"""Inference and evaluation: from the bytes of one photo to probabilities, heat maps and their evaluation."""
