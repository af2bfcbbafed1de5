"""Documents of the store: one, a stream, a file, an export."""
