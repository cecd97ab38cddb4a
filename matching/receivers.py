"""What the matching stage does when a photo moves, inside the same transaction."""
