"""What the service replaces: the same check by FastAPI, PostgreSQL and Redis, to compare with."""
