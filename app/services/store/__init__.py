"""What the service keeps in memory of the store: rules, usage, and how they are refreshed."""
