"""Bundles in service: the registry, model aliases, and what answers a request."""
