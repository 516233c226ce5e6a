"""The rules of the service, without I/O: models, requests, prices, job states and waits."""
