"""What the faults are tried on: the servers of the API's tests."""

from tests.api.conftest import bundle_path, serve, server

__all__ = ["bundle_path", "serve", "server"]
