"""What every request passes before and after its route, in plain ASGI: it is on the hot path."""
