"""The one shared package of the billing service: domain, services, adapters and the HTTP edge."""
