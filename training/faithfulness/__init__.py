"""How far heat maps can be trusted: where they look, what their cells do to the answer, and what changes them."""
