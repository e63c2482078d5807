"""Other maps than the one that comes with the answer, sums over regions, and maps as arrays to download."""
