"""From facts to bytes that last: PDF/A, object stores, reading ledger, catalogue, metadata tables."""
