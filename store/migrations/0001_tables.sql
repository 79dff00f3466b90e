-- Types whose order means something: max(tier), min(export_class).
CREATE TYPE tier AS ENUM ('untested', 'claimed', 'witnessed', 'reproduced');
CREATE TYPE export_class AS ENUM ('none', 'id_only', 'derived', 'full');

CREATE TABLE meta (
    database_id VARCHAR NOT NULL,
    created_at  TIMESTAMPTZ NOT NULL,
    commits     UBIGINT NOT NULL
);
INSERT INTO meta VALUES (uuid()::VARCHAR, now(), 0);

CREATE TABLE runs (
    run_id           VARCHAR PRIMARY KEY,
    command          VARCHAR NOT NULL,
    started_at       TIMESTAMPTZ NOT NULL,
    finished_at      TIMESTAMPTZ,
    state            VARCHAR NOT NULL,
    error            VARCHAR NOT NULL DEFAULT '',
    thresher_version VARCHAR NOT NULL,
    rules_version    VARCHAR NOT NULL DEFAULT '',
    dedupe_version   VARCHAR NOT NULL DEFAULT '',
    encoder          VARCHAR NOT NULL DEFAULT ''
);

CREATE TABLE run_sources (
    run_id     VARCHAR NOT NULL,
    source     VARCHAR NOT NULL,
    pages      BIGINT NOT NULL DEFAULT 0,
    added      BIGINT NOT NULL DEFAULT 0,
    revised    BIGINT NOT NULL DEFAULT 0,
    unchanged  BIGINT NOT NULL DEFAULT 0,
    tombstoned BIGINT NOT NULL DEFAULT 0,
    dead       BIGINT NOT NULL DEFAULT 0,
    records    BIGINT NOT NULL DEFAULT 0,
    candidates BIGINT NOT NULL DEFAULT 0,
    landed     BIGINT NOT NULL DEFAULT 0,
    merged     BIGINT NOT NULL DEFAULT 0,
    refused    BIGINT NOT NULL DEFAULT 0,
    state      VARCHAR NOT NULL DEFAULT 'running',
    error      VARCHAR NOT NULL DEFAULT '',
    PRIMARY KEY (run_id, source)
);

CREATE TABLE run_refusals (
    run_id  VARCHAR NOT NULL,
    source  VARCHAR NOT NULL,
    reason  VARCHAR NOT NULL,
    refused BIGINT NOT NULL,
    PRIMARY KEY (run_id, source, reason)
);

-- No keys on the large tables below: an index costs memory at every open, and whoever writes looks up what is there first.
-- The ledger counts doubles at the end of every run instead.
CREATE TABLE pages (
    page_id         VARCHAR NOT NULL,
    source          VARCHAR NOT NULL,
    site            VARCHAR NOT NULL,
    url             VARCHAR NOT NULL,
    status          SMALLINT NOT NULL,
    sha256          VARCHAR NOT NULL,
    bytes           BIGINT NOT NULL,
    records         INTEGER NOT NULL,
    dead            INTEGER NOT NULL,
    first_fetched   TIMESTAMPTZ NOT NULL,
    last_fetched    TIMESTAMPTZ NOT NULL,
    archive_file    VARCHAR NOT NULL,
    archive_offset  BIGINT NOT NULL,
    run_id          VARCHAR NOT NULL
);

CREATE TABLE cursors (
    source VARCHAR NOT NULL,
    site   VARCHAR NOT NULL,
    value  JSON NOT NULL,
    run_id VARCHAR NOT NULL,
    PRIMARY KEY (source, site)
);

CREATE TABLE records (
    record_key       VARCHAR NOT NULL,
    source           VARCHAR NOT NULL,
    site             VARCHAR NOT NULL,
    native_id        VARCHAR NOT NULL,
    revision         INTEGER NOT NULL,
    is_latest        BOOLEAN NOT NULL,
    judged_by        VARCHAR,
    url              VARCHAR NOT NULL,
    role             VARCHAR NOT NULL,
    title            VARCHAR NOT NULL,
    text             VARCHAR NOT NULL,
    thread_id        VARCHAR NOT NULL,
    parent_id        VARCHAR,
    position         INTEGER NOT NULL,
    author_key       VARCHAR,
    created_at       TIMESTAMPTZ,
    edited_at        TIMESTAMPTZ,
    language         VARCHAR NOT NULL,
    quotes           JSON NOT NULL,
    detail           JSON,
    marks            JSON NOT NULL,
    status           VARCHAR NOT NULL,
    licence          VARCHAR NOT NULL,
    licence_evidence VARCHAR NOT NULL,
    export_class     export_class NOT NULL,
    attribution      VARCHAR NOT NULL,
    content_hash     VARCHAR NOT NULL,
    meta_hash        VARCHAR NOT NULL,
    blanked          BOOLEAN NOT NULL DEFAULT false,
    first_seen       TIMESTAMPTZ NOT NULL,
    last_seen        TIMESTAMPTZ NOT NULL,
    page_id          VARCHAR NOT NULL,
    run_id           VARCHAR NOT NULL
);

CREATE TABLE refusals (
    record_key    VARCHAR NOT NULL,
    source        VARCHAR NOT NULL,
    revision      INTEGER NOT NULL,
    reason        VARCHAR NOT NULL,
    detail        VARCHAR NOT NULL,
    rules_version VARCHAR NOT NULL,
    run_id        VARCHAR NOT NULL
);

CREATE TABLE dead_letters (
    source       VARCHAR NOT NULL,
    site         VARCHAR NOT NULL,
    native_id    VARCHAR NOT NULL,
    reason       VARCHAR NOT NULL,
    detail       VARCHAR NOT NULL,
    url          VARCHAR NOT NULL,
    page_id      VARCHAR NOT NULL,
    first_seen   TIMESTAMPTZ NOT NULL,
    resolved     BOOLEAN NOT NULL DEFAULT false,
    run_id       VARCHAR NOT NULL
);

CREATE TABLE items (
    item_id      VARCHAR NOT NULL,
    version      INTEGER NOT NULL,
    kind         VARCHAR NOT NULL,
    messages     JSON NOT NULL,
    target       VARCHAR NOT NULL,
    aliases      VARCHAR[] NOT NULL,
    choices      VARCHAR[] NOT NULL,
    rubric       VARCHAR NOT NULL,
    key_status   VARCHAR NOT NULL,
    lifecycle    VARCHAR NOT NULL,
    language     VARCHAR NOT NULL,
    tags         VARCHAR[] NOT NULL,
    rule         VARCHAR NOT NULL,
    rule_version VARCHAR NOT NULL,
    lead_record  VARCHAR,
    lead_order   VARCHAR,
    payload_hash VARCHAR NOT NULL,
    merged_into  VARCHAR,
    created_run  VARCHAR NOT NULL
);

CREATE TABLE reports (
    item_id      VARCHAR NOT NULL,
    record_key   VARCHAR NOT NULL,
    source       VARCHAR NOT NULL,
    site         VARCHAR NOT NULL,
    native_id    VARCHAR NOT NULL,
    revision     INTEGER NOT NULL,
    rule         VARCHAR NOT NULL,
    rule_version VARCHAR NOT NULL,
    tier         tier NOT NULL,
    strength     DOUBLE NOT NULL,
    claim        JSON,
    failing      JSON NOT NULL,
    url          VARCHAR NOT NULL,
    licence      VARCHAR NOT NULL,
    export_class export_class NOT NULL,
    attribution  VARCHAR NOT NULL,
    created_at   TIMESTAMPTZ,
    lead_order   VARCHAR NOT NULL,
    report_hash  VARCHAR NOT NULL,
    live         BOOLEAN NOT NULL,
    run_id       VARCHAR NOT NULL
);

CREATE TABLE decisions (
    item_id        VARCHAR NOT NULL,
    verdict        VARCHAR NOT NULL,
    other_id       VARCHAR,
    score          DOUBLE NOT NULL,
    threshold      DOUBLE NOT NULL,
    method         VARCHAR NOT NULL,
    reason         VARCHAR NOT NULL,
    encoder        VARCHAR NOT NULL,
    dedupe_version VARCHAR NOT NULL,
    undone         BOOLEAN NOT NULL DEFAULT false,
    run_id         VARCHAR NOT NULL
);

CREATE TABLE embeddings (
    item_id   VARCHAR NOT NULL,
    encoder   VARCHAR NOT NULL,
    dimension USMALLINT NOT NULL,
    vector    BLOB NOT NULL
);

CREATE TABLE verdicts (
    verdict_id VARCHAR NOT NULL,
    item_id    VARCHAR NOT NULL,
    version    INTEGER NOT NULL,
    author     VARCHAR NOT NULL,
    given_at   TIMESTAMPTZ NOT NULL,
    verdict    VARCHAR NOT NULL,
    reason     VARCHAR NOT NULL
);

CREATE TABLE tombstones (
    kind     VARCHAR NOT NULL,
    hash     VARCHAR NOT NULL,
    reason   VARCHAR NOT NULL,
    given_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (kind, hash)
);

CREATE TABLE snapshots (
    number         INTEGER NOT NULL,
    name           VARCHAR PRIMARY KEY,
    items          BIGINT NOT NULL,
    sha256         VARCHAR NOT NULL,
    path           VARCHAR NOT NULL,
    export_version VARCHAR NOT NULL,
    created_at     TIMESTAMPTZ NOT NULL
);

CREATE TABLE snapshot_items (
    name     VARCHAR NOT NULL,
    config   VARCHAR NOT NULL,
    item_id  VARCHAR NOT NULL,
    row_hash VARCHAR NOT NULL
);

CREATE TABLE ledger (
    run_id        VARCHAR NOT NULL,
    commit_number UBIGINT NOT NULL,
    engine        VARCHAR NOT NULL,
    table_name    VARCHAR NOT NULL,
    rows          BIGINT NOT NULL,
    checksum      VARCHAR NOT NULL
);

COMMENT ON TABLE meta IS 'One row: the identity of this file and how many transactions it has committed';
COMMENT ON TABLE runs IS 'Every command that wrote: running, finished, partial or failed';
COMMENT ON TABLE run_sources IS 'What one run did with one source; records = landed + merged + refused';
COMMENT ON TABLE run_refusals IS 'Why records of one run gave no candidate';
COMMENT ON TABLE pages IS 'Each distinct body that was fetched, and where the archive keeps it';
COMMENT ON TABLE cursors IS 'How far each site was harvested; moves in the same transaction as its rows';
COMMENT ON TABLE records IS 'What the sources said; one row for each revision of each record';
COMMENT ON TABLE refusals IS 'Records that give no candidate now, and why';
COMMENT ON TABLE dead_letters IS 'Parts of pages that could not be parsed';
COMMENT ON TABLE items IS 'Stored cases; items_current is the view to read';
COMMENT ON TABLE reports IS 'The evidence of an item: one row for each record that reports it';
COMMENT ON TABLE decisions IS 'What the dedupe said of each item, with its score and threshold';
COMMENT ON TABLE embeddings IS 'Vectors as little-endian float16; those of different encoders are never compared';
COMMENT ON TABLE verdicts IS 'What persons decided; only ever added to, the last one counts';
COMMENT ON TABLE tombstones IS 'Hashes of what must never be harvested again';
COMMENT ON TABLE snapshots IS 'Named sets of items that were frozen';
COMMENT ON TABLE snapshot_items IS 'Which item went into which snapshot, and the hash of its exported row';
COMMENT ON TABLE ledger IS 'Rows and checksum of every table at the end of each run';
COMMENT ON COLUMN records.is_latest IS 'True for the revision seen last';
COMMENT ON COLUMN records.judged_by IS 'Version of the rules that judged this revision; NULL until then';
COMMENT ON COLUMN records.author_key IS 'A keyed hash, never a name';
COMMENT ON COLUMN records.content_hash IS 'Changes when the record does; votes alone do not change it';
COMMENT ON COLUMN records.blanked IS 'The text was deleted because the source deleted it, or after a takedown';
COMMENT ON COLUMN items.version IS 'Counts the wordings of this item; the normalised text never changes';
COMMENT ON COLUMN items.lifecycle IS 'proposed, or retired when no live report is left; what a person said of it is in verdicts';
COMMENT ON COLUMN items.merged_into IS 'The canonical item that this one repeats; NULL when it is canonical itself';
COMMENT ON COLUMN items.lead_record IS 'The record whose wording the item has: the first of its live reports';
COMMENT ON COLUMN reports.live IS 'False once the record was deleted or gives another outcome';
COMMENT ON COLUMN reports.lead_order IS 'Sorts the reports of an item: created_at, source, site, native_id';
