"""Who may use the service: keys, sessions and rates."""
