"""Local stand-ins for APIXO and Discord, over real HTTP and WebSocket."""
