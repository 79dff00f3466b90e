"""The one DuckDB file that is the truth: what lands, what it balances to, and what leaves as a snapshot.

file/       the file, the lease of its writer, short connections, migrations; what was acknowledged, and what DuckDB's errors mean
pages       Page + Record + Dead + cursor, in one transaction; revisions says which content of a record stands
items       Candidate and Refusal: items with their reports
decisions   vectors, and what the dedupe decided; dedupe_queue is what it still has to look at
failures    failure clusters
removal     deletions at the source, takedowns, items without evidence
verdicts    what a person decided; kept outside the database too
runs        what each run did; ledger is the balance of a run
doctor      proves it all: proof the archive page by page, journals what is written beside the database
holdings    what a rebuilt database is compared with
queries     what people ask; weak_spots what a harvest should look for more of
snapshot/   freezing a named set of items; export and leaks say what may leave, registry what was made
"""
