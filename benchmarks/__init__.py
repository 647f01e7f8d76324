"""What the service costs in time, memory and money, measured on this machine: `make bench`."""
