"""The network of a bundle, and what runs it."""
