"""Judges trained networks on held-out images, and fits what the card contains apart from the weights."""
