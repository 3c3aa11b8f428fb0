"""What it costs and how true it is, beside its peers. Nothing imports this package; `python -m benchmarks` runs it."""
