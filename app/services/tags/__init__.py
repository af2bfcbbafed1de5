"""Tags: how a text is resolved, looked up, listed, suggested and aliased."""
