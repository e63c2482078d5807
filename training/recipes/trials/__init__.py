"""Recipes that were compared with the bundled model and are not shipped."""
