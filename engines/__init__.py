"""External programs: the killable runner, the worker pool, one small module a program."""
