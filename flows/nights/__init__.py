"""Nights without a person: schedules, the window in which batches run, the watched inbox, and `sohoa serve`."""
