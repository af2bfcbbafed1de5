"""What goes in and out over HTTP. Requests refuse fields and types they do not know."""
