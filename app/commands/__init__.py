"""The serving commands of the `tagprime` command line, by what they are about."""
