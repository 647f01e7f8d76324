"""The service on one machine: an emulator of AWS, a fake Stripe, demo data, a told demo."""
