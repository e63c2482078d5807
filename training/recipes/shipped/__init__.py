"""Recipes of the bundled model and of the stages that it is made of."""
