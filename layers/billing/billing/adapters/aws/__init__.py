"""What AWS asks of every request, without its SDK: for the hot read alone."""
