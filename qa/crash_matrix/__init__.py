"""Kills the service at every crash point under every fault, and looks for harm."""
