"""What is told about a photo beside its answer: photos, truths and limits."""
