"""Reader-first mode: the reader's own diagnosis before the answer."""
