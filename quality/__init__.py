"""What an auditor or the IT department asks: expectations, quota arithmetic, reports."""
