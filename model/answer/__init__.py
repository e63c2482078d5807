"""What is made of the probabilities: levels, named diagnosis, sets, refusal, gauges, the patient."""
