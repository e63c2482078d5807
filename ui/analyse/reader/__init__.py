"""Reading first: the reader's own diagnosis before the answer."""
