"""From bytes to facts: intake, pages, image quality, OCR, split, classification, fields, validity."""
