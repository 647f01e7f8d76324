"""Imports the Stripe customers that an app had before: `make import PROJECT=… FILE=…`."""
