"""Decisions from the probabilities: thresholds, named diagnoses, sets, abstention, net benefit."""
