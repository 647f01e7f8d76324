"""What the service does, one verb a file; collaborators come in as arguments."""
