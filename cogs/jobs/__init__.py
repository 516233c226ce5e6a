"""The list of a member's own videos."""
