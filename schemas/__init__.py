"""The vocabulary of Sohoa: records, findings, events, code grammars, rows of rules.

Pure: no input or output lives here. May import the standard library, pydantic and pyarrow, and is imported by
every other room. A class here is frozen; a function here is total or raises a `SohoaError`.
"""
