"""Which photos to refuse: the pictures to learn from, the gates compared, and the one that is packed."""
