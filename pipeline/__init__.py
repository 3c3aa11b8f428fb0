"""The way of one file: planned, staged, its pages read, understood, routed, rendered and kept or delivered."""
