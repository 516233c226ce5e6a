"""What members touch: commands, cards and buttons. Thin: defer, gather, one call, answer."""
