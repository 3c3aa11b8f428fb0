"""`python -m cli`: the `sohoa` command line."""

from cli.app import main

main()
