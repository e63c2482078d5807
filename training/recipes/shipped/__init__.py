"""Recipes of the bundled model, of the stages that it is made of, and of their teachers."""
