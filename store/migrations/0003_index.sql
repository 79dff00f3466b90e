-- What the dedupe has to look at: whoever lands, revives, retires or parts an item puts it here, and the pass that dealt with it takes it
-- out. So a night costs what is new, however large the benchmark is.
CREATE TABLE dedupe_queue (item_id VARCHAR NOT NULL);
INSERT INTO dedupe_queue SELECT item_id FROM items ANTI JOIN decisions USING (item_id);

-- The index of canonical items. The segments are files beside the database; they count only when they are registered here.
CREATE TABLE index_cells (
    encoder   VARCHAR NOT NULL,
    cells     INTEGER NOT NULL,
    dimension USMALLINT NOT NULL,
    centroids BLOB NOT NULL
);
CREATE TABLE index_segments (
    encoder VARCHAR NOT NULL,
    name    VARCHAR NOT NULL,
    rows    BIGINT NOT NULL
);
CREATE TABLE index_dead (
    encoder VARCHAR NOT NULL,
    item_id VARCHAR NOT NULL
);

COMMENT ON TABLE dedupe_queue IS 'Items that the next pass of the dedupe has to look at';
COMMENT ON TABLE index_cells IS 'The cells of the vector index of each encoder; what is compared with what depends on them';
COMMENT ON TABLE index_segments IS 'The files of the vector index, each named by the checksum of its bytes';
COMMENT ON TABLE index_dead IS 'Items in a segment that are not canonical any more';
