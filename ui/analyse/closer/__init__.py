"""A closer look at an answer: the lesion's outline and measurements, other maps, and what a region counts for."""
