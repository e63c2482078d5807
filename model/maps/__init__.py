"""Other maps than the one that comes with the answer, contrasts of classes, and maps as arrays to download."""
