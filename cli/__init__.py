"""The command line: thin commands over plain functions. Heavy rooms are imported inside the command that needs them."""
