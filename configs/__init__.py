"""Dated rules and lists as data, and the one loader that turns them into frozen models."""
