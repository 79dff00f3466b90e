"""The one DuckDB file that is the truth: what lands, what it balances to, and what leaves as a snapshot.

database    the file, the lease of its writer, short connections, migrations
pages       Page + Record + Dead + cursor, in one transaction
items       Candidate and Refusal: items with their reports
decisions   vectors, and what the dedupe decided
removal     deletions at the source, takedowns, items without evidence
verdicts    what a person decided; kept outside the database too
ledger      the balance of a run, checksums, the doctor
queries     what people ask
snapshots   freezing a named set of items; export and leaks say what may leave
"""
