"""What is kept of a member: given to them, or deleted."""
