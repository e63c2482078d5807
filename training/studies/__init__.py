"""One-off studies; they may import everything, and nothing imports them."""
