-- What sites no longer show is held back until their visit has ended: a site that is down must not empty the benchmark.
CREATE TABLE vanished (
    record_key       VARCHAR NOT NULL,
    source           VARCHAR NOT NULL,
    site             VARCHAR NOT NULL,
    native_id        VARCHAR NOT NULL,
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
    export_class     VARCHAR NOT NULL,
    attribution      VARCHAR NOT NULL,
    content_hash     VARCHAR NOT NULL,
    meta_hash        VARCHAR NOT NULL,
    first_seen       TIMESTAMPTZ NOT NULL,
    last_seen        TIMESTAMPTZ NOT NULL,
    page_id          VARCHAR NOT NULL
);
CREATE TABLE visits (
    source       VARCHAR NOT NULL,
    site         VARCHAR NOT NULL,
    archive_file VARCHAR NOT NULL,
    begun        TIMESTAMPTZ NOT NULL,
    since        JSON,
    vanished     BIGINT NOT NULL,
    whole        BOOLEAN NOT NULL,
    settled_at   TIMESTAMPTZ
);

-- Whose text still has to leave the archive.
CREATE TABLE purges (
    record_key VARCHAR NOT NULL,
    source     VARCHAR NOT NULL,
    site       VARCHAR NOT NULL,
    thread_id  VARCHAR NOT NULL,
    since      TIMESTAMPTZ,
    until      TIMESTAMPTZ
);
CREATE TABLE purged_listings (
    archive_file VARCHAR NOT NULL,
    host         VARCHAR NOT NULL
);

COMMENT ON TABLE vanished IS 'Records that a site no longer shows, until its visit has ended and the brake was asked';
COMMENT ON TABLE visits IS 'The last visit of each site: where it began, for the brake on deletions';
COMMENT ON TABLE purges IS 'Records whose text still has to leave the archive';
COMMENT ON TABLE purged_listings IS 'Archive files that hold no listing of a host any more';
COMMENT ON COLUMN visits.since IS 'The cursor before the visit: where it goes back to when the brake held';
COMMENT ON COLUMN visits.vanished IS 'Records that vanished since the last visit that came to its end';
COMMENT ON COLUMN visits.whole IS 'The visit came to its end; false where a limit cut it short, or a kill';
COMMENT ON COLUMN visits.settled_at IS 'Up to when its deletions were decided';
COMMENT ON COLUMN purges.since IS 'When the record was first seen; NULL looks through the whole archive';
COMMENT ON COLUMN purges.until IS 'When it was seen to be gone: what was shown after that stays; NULL for a takedown';
