"""Recipes that were measured beside the bundled model and are not shipped."""
