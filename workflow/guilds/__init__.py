"""What a server's managers and members decide for themselves."""
