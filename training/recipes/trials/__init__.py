"""Recipes that were compared with the bundled model and are not part of it; some were of earlier releases."""
