"""What holds where nobody said otherwise; apart, so that the command line's help loads no HTTP library."""

DEFAULT_URL = "http://127.0.0.1:8000"
DEFAULT_TIMEOUT = 600.0
"""Seconds that the API may say nothing."""
