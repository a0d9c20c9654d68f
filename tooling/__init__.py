"""What `dev.py` runs inside the environment it has made."""
