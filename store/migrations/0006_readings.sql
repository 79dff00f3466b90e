CREATE TABLE readings (
    record_key     VARCHAR NOT NULL,
    source         VARCHAR NOT NULL,
    revision       INTEGER NOT NULL,
    fails          DOUBLE NOT NULL,
    reader         VARCHAR NOT NULL,
    reader_version VARCHAR NOT NULL,
    prompt         JSON,
    response       JSON,
    claim          JSON,
    model          JSON,
    kind           VARCHAR NOT NULL,
    missing        VARCHAR NOT NULL,
    run_id         VARCHAR NOT NULL
);

CREATE TABLE leads (
    record_key VARCHAR NOT NULL,
    source     VARCHAR NOT NULL,
    revision   INTEGER NOT NULL,
    reason     VARCHAR NOT NULL,
    fails      DOUBLE NOT NULL,
    model      VARCHAR NOT NULL,
    claim      JSON,
    prompt     JSON,
    lead_hash  VARCHAR NOT NULL,
    run_id     VARCHAR NOT NULL
);

ALTER TABLE run_sources ADD COLUMN leads BIGINT DEFAULT 0;

COMMENT ON TABLE readings IS 'What each post says about the failure of a model, as the last reader that was asked sees it';
COMMENT ON TABLE leads IS 'Reported failures that make no item yet; open_leads is the view to read';
COMMENT ON COLUMN readings.fails IS 'The probability that a failure of a model is reported, 0 to 1';
COMMENT ON COLUMN readings.prompt IS 'What a model was asked: {"span": {record_key, start, end, text, part}, "confidence"}; null where none was found';
COMMENT ON COLUMN readings.response IS 'What it answered, in the same form';
COMMENT ON COLUMN readings.claim IS 'The words that say what went wrong, in the same form';
COMMENT ON COLUMN readings.missing IS 'What is lacking to ask again: prompt, link, picture, context; empty for nothing';
COMMENT ON COLUMN leads.reason IS 'What is lacking, as config/rules.toml explains it';
COMMENT ON COLUMN leads.model IS 'The model that is blamed, empty where none is named';

CREATE VIEW open_leads AS
SELECT l.record_key, l.source, r.site, l.reason, l.fails, l.model, l.claim ->> '$.text' AS claim, l.prompt ->> '$.text' AS prompt, r.title,
       r.text, r.url, r.created_at AS said_at, r.licence, r.export_class, l.run_id
FROM leads l JOIN records r ON r.record_key = l.record_key AND r.is_latest;
COMMENT ON VIEW open_leads IS 'Each reported failure that cannot be asked again yet, with the post that reports it';
