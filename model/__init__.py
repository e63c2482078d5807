"""Inference and judgement: from the bytes of one photo to probabilities, heat maps and their evaluation."""
