"""Trained networks on held-out images, and what the card keeps beside the weights."""
