"""What AWS asks of every request, without its SDK: for what has to start at once."""
