"""Trials in the formats of others: logs of Inspect, read and written, and rows of Every Eval Ever.

Neither package is needed: a log is a zip or JSON file whose layout is read from what Inspect 0.3.285 writes (log version 2).
"""
