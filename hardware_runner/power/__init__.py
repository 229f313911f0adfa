"""What switches the power of a board."""
