"""The rules of the service: models, requests, prices, states and waits. No input, no output."""
