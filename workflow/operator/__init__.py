"""What the operator does to the service and to parked jobs, and what stops the belt."""
