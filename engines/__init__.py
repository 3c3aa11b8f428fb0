"""External programs: the process runner, the worker pool, and one small module per program."""
