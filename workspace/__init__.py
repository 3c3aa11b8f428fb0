"""A home opened for work (settings, rules, catalogue, store, workers, locks), and the pages and alerts made from it."""
