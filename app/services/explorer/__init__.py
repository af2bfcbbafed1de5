"""What the explorer shows, before it is a page."""
