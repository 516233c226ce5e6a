"""What others reach under addresses of ours: kept files, and the door for callbacks."""
