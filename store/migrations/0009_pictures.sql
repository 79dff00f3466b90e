CREATE TABLE pictures (
    record_key  VARCHAR NOT NULL,
    source      VARCHAR NOT NULL,
    position    INTEGER NOT NULL,
    address     VARCHAR NOT NULL,
    sha256      VARCHAR NOT NULL,
    refused     VARCHAR NOT NULL,
    text        VARCHAR NOT NULL,
    confidence  DOUBLE NOT NULL,
    reader      VARCHAR NOT NULL,
    replaced_id VARCHAR NOT NULL,
    page_id     VARCHAR NOT NULL,
    fetched_at  TIMESTAMPTZ NOT NULL,
    run_id      VARCHAR NOT NULL
);

COMMENT ON TABLE pictures IS 'Pictures of posts that were asked for, and the conversation that was read in each';
COMMENT ON COLUMN pictures.position IS 'Which of the pictures of its post it is, from 0';
COMMENT ON COLUMN pictures.sha256 IS 'Of the picture as it came; its bytes are the body of the page page_id';
COMMENT ON COLUMN pictures.refused IS 'Why there is no conversation, in a word; empty where there is one';
COMMENT ON COLUMN pictures.text IS 'The conversation as a transcript, without personal data and keys';
COMMENT ON COLUMN pictures.confidence IS 'Of the least sure answer in it, 0 to 1, by the OCR engine';

CREATE VIEW item_pictures AS
SELECT p.item_id, p.record_key, s.address, s.sha256, s.confidence, s.reader, s.text, s.fetched_at
FROM reports p JOIN pictures s USING (record_key)
WHERE p.live AND s.refused = '' AND json_array_length(p.claim -> '$.pictures') > 0;
COMMENT ON VIEW item_pictures IS 'The pictures in which prompt or failing answer of an item were read';
