"""Durable storage: PDF/A, object stores, reading ledger, catalogue, metadata tables."""
