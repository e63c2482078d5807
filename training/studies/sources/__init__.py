"""The study of image sets: which are worth learning from, and what a set that was never seen costs."""
