"""Decisions from the probabilities: levels, named diagnosis, sets, refusal, gauges, the patient."""
