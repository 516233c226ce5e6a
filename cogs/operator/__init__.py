"""Commands, alerts and decisions for the operator of the service."""
