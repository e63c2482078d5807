"""Notes on a photo that go with its answer: photos, truths and limits."""
