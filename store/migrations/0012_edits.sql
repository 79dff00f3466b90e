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

CREATE OR REPLACE VIEW trial_rounds AS
SELECT coalesce(i.merged_into, t.item_id) AS item_id, t.model, t.round,
       arg_max(t.served_id, t.asked_at) AS served_id,
       count(*) FILTER (t.error = '' AND t.verdict = 'fail') AS k,
       count(*) FILTER (t.error = '' AND t.verdict IN ('pass', 'fail')) AS n,
       count(*) FILTER (t.error = '' AND t.verdict = 'borderline') AS borderline,
       count(*) FILTER (t.error = '' AND t.verdict IS NULL) AS unscored,
       count(*) FILTER (t.error <> '') AS left_out,
       max(t.asked_at) AS last_asked,
       max(t.asked_at) FILTER (t.error = '' AND t.verdict = 'fail') AS last_failed,
       arg_max(t.served_id, t.asked_at) FILTER (t.error = '' AND t.verdict = 'fail') AS failed_as,
       sum(t.usd) AS usd
FROM trials t JOIN items i ON i.item_id = t.item_id LEFT JOIN reworded_items w ON w.item_id = t.item_id
WHERE w.item_id IS NULL OR t.asked_at > w.since GROUP BY ALL;
COMMENT ON VIEW trial_rounds IS 'The trials of an item as it is worded now and of those merged into it, by model and round: k of n failed';
COMMENT ON COLUMN trial_rounds.left_out IS 'Trials that a limit cut or that ended in an error: no part of n';

CREATE OR REPLACE VIEW items_current AS
WITH worded AS (
    SELECT i.* REPLACE (
               coalesce(d.messages, i.messages) AS messages,
               coalesce(d.target, i.target) AS target,
               CASE WHEN d.target IS NULL THEN i.aliases ELSE [] END AS aliases,
               coalesce(d.rubric, i.rubric) AS rubric,
               CASE WHEN d.target IS NULL THEN i.key_status ELSE 'none' END AS key_status,
               CASE WHEN d.messages IS NULL AND d.target IS NULL AND d.rubric IS NULL THEN coalesce(d.tags, i.tags)
                    ELSE list_append(coalesce(d.tags, i.tags), 'edited_by_a_person') END AS tags,
               (i.version + coalesce(d.edits, 0))::INTEGER AS version
           )
    FROM items i LEFT JOIN last_edits d ON d.item_id = i.item_id
    WHERE i.merged_into IS NULL
)
SELECT i.item_id, i.version, i.kind, i.messages,
       CASE WHEN json_array_length(i.messages) = 1 THEN i.messages ->> '$[0].content'
            ELSE array_to_string(list_transform(from_json(i.messages, '[{"role":"VARCHAR","content":"VARCHAR"}]'),
                                                lambda m: m.role || ': ' || m.content), E'\n\n') END AS prompt,
       i.target, i.aliases, i.choices, i.rubric,
       CASE WHEN p.item_id IS NOT NULL THEN 'reproduced'::tier ELSE e.tier END AS tier,
       coalesce(v.key_status, i.key_status) AS key_status,
       CASE WHEN i.lifecycle = 'retired' THEN i.lifecycle ELSE coalesce(v.lifecycle, i.lifecycle) END AS status,
       i.language, i.tags, r.licence, e.export_class, r.attribution, r.source, r.site, r.native_id, r.url,
       i.rule, i.rule_version, e.first_seen, e.last_seen, e.report_count, e.source_count, e.strength, i.created_run
FROM worded i
JOIN evidence e ON e.item_id = i.item_id
JOIN reports r ON r.item_id = i.item_id AND r.record_key = e.lead_record AND r.live
LEFT JOIN last_verdicts v ON v.item_id = i.item_id
LEFT JOIN reproduced_items p ON p.item_id = i.item_id;
COMMENT ON VIEW items_current IS 'The benchmark: one row for each canonical item with live evidence, as persons edited it';
COMMENT ON COLUMN items_current.item_id IS 'xxh3-128 of the normalised messages, options and target as they were harvested; an edit does not change it';
COMMENT ON COLUMN items_current.version IS 'Counts the wordings of the source and the edits of persons';
COMMENT ON COLUMN items_current.prompt IS 'The messages as one text';
COMMENT ON COLUMN items_current.target IS 'The key: what a right answer says';
COMMENT ON COLUMN items_current.tier IS 'reproduced where two trials or more of a model failed, else the strongest evidence among the reports: untested < claimed < witnessed';
COMMENT ON COLUMN items_current.key_status IS 'How far the target can be trusted; a person''s word stands over the source''s';
COMMENT ON COLUMN items_current.status IS 'proposed, active, retired, rejected or waived';
COMMENT ON COLUMN items_current.tags IS 'edited_by_a_person where messages, target or rubric are not as the source has them';
COMMENT ON COLUMN items_current.licence IS 'Of the first live report, whose wording the item has';
COMMENT ON COLUMN items_current.export_class IS 'The least that any of its reports allows: none < id_only < derived < full';
COMMENT ON COLUMN items_current.source IS 'Of the first live report by date, source, site and native id';
COMMENT ON COLUMN items_current.first_seen IS 'When a page with one of its records was first fetched';
COMMENT ON COLUMN items_current.last_seen IS 'When a page with one of its records was last fetched';
COMMENT ON COLUMN items_current.report_count IS 'Live reports, of this item and of those merged into it';
COMMENT ON COLUMN items_current.source_count IS 'How many sources report it';
COMMENT ON COLUMN items_current.strength IS 'The strongest signal of failure among the reports, 0 to 1';
COMMENT ON COLUMN items_current.created_run IS 'The run that found it first';
