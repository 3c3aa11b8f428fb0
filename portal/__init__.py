"""Web pages and the look-up API; the only room that knows the web framework."""
