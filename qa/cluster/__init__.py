"""Three processes of one service, ordered from while they are killed at random."""
