"""Recipes of the earlier systems, one file each."""
