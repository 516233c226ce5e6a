"""Films: the command that joins a member's videos, and what is posted."""
