"""The web page where people work, and the look-up API. Nothing below imports it; the web framework stays in here."""
