"""How jobs come to stand on Discord: posted once, found again, and taken away."""
