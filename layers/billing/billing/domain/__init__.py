"""What is true of accounts and access: pure values and functions, standard library only."""
