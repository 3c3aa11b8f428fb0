"""The catalogue: batches, files, documents, codes, events, figures; plain functions over one `Database`."""
