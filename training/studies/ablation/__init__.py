"""What each choice of the shipped model gave, on validation."""
