-- A person rewrites an item: its messages, key, rubric or tags. What the source said stays in items; items_current shows the last edit.
CREATE TABLE edits (
    verdict_id VARCHAR NOT NULL,
    item_id    VARCHAR NOT NULL,
    given_at   TIMESTAMPTZ NOT NULL,
    messages   JSON,
    target     VARCHAR,
    rubric     VARCHAR,
    tags       VARCHAR[]
);
COMMENT ON TABLE edits IS 'How persons rewrote items; NULL where it is as the source has it. The last one of an item counts, who and why is in verdicts';

CREATE VIEW last_edits AS
SELECT *, count(*) OVER (PARTITION BY item_id) AS edits FROM edits
QUALIFY row_number() OVER (PARTITION BY item_id ORDER BY given_at DESC, verdict_id DESC) = 1;
COMMENT ON VIEW last_edits IS 'How each edited item is now, and how often it was edited';

CREATE VIEW reworded_items AS
SELECT item_id, max(given_at) AS since FROM edits
WHERE messages IS NOT NULL OR target IS NOT NULL OR rubric IS NOT NULL OR tags IS NULL GROUP BY ALL;
COMMENT ON VIEW reworded_items IS 'Since when an item asks, or is scored by, the words that it has now: trials before that are of another question. An edit of tags alone is none';
