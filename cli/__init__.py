"""The command line: thin commands over plain functions. Heavy packages are imported inside the commands."""
