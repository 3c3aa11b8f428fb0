"""`python -m flows`: the `sohoa` command line."""

from flows.cli.app import main

main()
