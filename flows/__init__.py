"""Wiring only: the plan, the batch run, the Prefect flow, the nights."""
