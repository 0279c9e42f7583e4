"""The command line, serving, and the health check."""
