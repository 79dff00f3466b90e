"""Screenshots of conversations: checked, read by OCR, put into turns, and read like a transcript that somebody pasted.

Everything but ``decode`` and ``ocr`` is pure and needs no further package; those two need the extra ``pictures``.
"""
