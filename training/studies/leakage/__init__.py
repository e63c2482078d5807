"""How much a split that leaks flatters."""
