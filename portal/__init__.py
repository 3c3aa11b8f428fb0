"""The web page where people work. Nothing below imports it; the web framework stays in here."""
