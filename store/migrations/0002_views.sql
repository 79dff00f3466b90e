CREATE VIEW last_verdicts AS
SELECT item_id,
       arg_max(verdict, (given_at, verdict_id)) FILTER (verdict IN ('proposed', 'active', 'retired', 'rejected', 'waived')) AS lifecycle,
       arg_max(verdict, (given_at, verdict_id)) FILTER (verdict IN ('verified', 'disputed')) AS key_status,
       max(given_at) AS given_at,
       count(*) AS verdicts
FROM verdicts GROUP BY item_id;
COMMENT ON VIEW last_verdicts IS 'What persons last said of each item, about its life and about its key';

CREATE VIEW evidence AS
WITH seen AS (
    SELECT record_key, min(first_seen) AS first_seen, max(last_seen) AS last_seen FROM records GROUP BY record_key
)
SELECT coalesce(i.merged_into, i.item_id) AS item_id,
       count(*) AS report_count,
       count(DISTINCT r.source) AS source_count,
       max(r.tier) AS tier,
       min(r.export_class) AS export_class,
       max(r.strength) AS strength,
       min(s.first_seen) AS first_seen,
       max(s.last_seen) AS last_seen,
       arg_min(r.record_key, r.lead_order) FILTER (i.merged_into IS NULL) AS lead_record
FROM reports r JOIN items i ON i.item_id = r.item_id LEFT JOIN seen s ON s.record_key = r.record_key
WHERE r.live GROUP BY ALL;
COMMENT ON VIEW evidence IS 'The live reports of each canonical item, those of the items merged into it among them';

CREATE VIEW items_current AS
SELECT i.item_id, i.version, i.kind, i.messages,
       CASE WHEN json_array_length(i.messages) = 1 THEN i.messages ->> '$[0].content'
            ELSE array_to_string(list_transform(from_json(i.messages, '[{"role":"VARCHAR","content":"VARCHAR"}]'),
                                                lambda m: m.role || ': ' || m.content), E'\n\n') END AS prompt,
       i.target, i.aliases, i.choices, i.rubric, e.tier,
       coalesce(v.key_status, i.key_status) AS key_status,
       CASE WHEN i.lifecycle = 'retired' THEN i.lifecycle ELSE coalesce(v.lifecycle, i.lifecycle) END AS status,
       i.language, i.tags, r.licence, e.export_class, r.attribution, r.source, r.site, r.native_id, r.url,
       i.rule, i.rule_version, e.first_seen, e.last_seen, e.report_count, e.source_count, e.strength, i.created_run
FROM items i
JOIN evidence e ON e.item_id = i.item_id
JOIN reports r ON r.item_id = i.item_id AND r.record_key = e.lead_record AND r.live
LEFT JOIN last_verdicts v ON v.item_id = i.item_id
WHERE i.merged_into IS NULL;
COMMENT ON VIEW items_current IS 'The benchmark: one row for each canonical item with live evidence';
COMMENT ON COLUMN items_current.item_id IS 'xxh3-128 of the normalised messages, options and target';
COMMENT ON COLUMN items_current.prompt IS 'The messages as one text';
COMMENT ON COLUMN items_current.target IS 'The key: what a right answer says';
COMMENT ON COLUMN items_current.tier IS 'Strongest evidence among the reports: untested < claimed < witnessed < reproduced';
COMMENT ON COLUMN items_current.key_status IS 'How far the target can be trusted; a person''s word stands over the source''s';
COMMENT ON COLUMN items_current.status IS 'proposed, active, retired, rejected or waived';
COMMENT ON COLUMN items_current.licence IS 'Of the first live report, whose wording the item has';
COMMENT ON COLUMN items_current.export_class IS 'The least that any of its reports allows: none < id_only < derived < full';
COMMENT ON COLUMN items_current.source IS 'Of the first live report by date, source, site and native id';
COMMENT ON COLUMN items_current.first_seen IS 'When a page with one of its records was first fetched';
COMMENT ON COLUMN items_current.last_seen IS 'When a page with one of its records was last fetched';
COMMENT ON COLUMN items_current.report_count IS 'Live reports, of this item and of those merged into it';
COMMENT ON COLUMN items_current.source_count IS 'How many sources report it';
COMMENT ON COLUMN items_current.strength IS 'The strongest signal of failure among the reports, 0 to 1';
COMMENT ON COLUMN items_current.created_run IS 'The run that found it first';

CREATE VIEW reports_by_source AS
SELECT source, site, count(*) AS reports, count(DISTINCT item_id) AS items, max(tier) AS strongest, avg(strength) AS mean_strength,
       min(created_at) AS oldest, max(created_at) AS newest
FROM reports WHERE live GROUP BY ALL ORDER BY reports DESC, source, site;
COMMENT ON VIEW reports_by_source IS 'Where the evidence comes from';

CREATE VIEW growth_by_night AS
SELECT u.run_id, u.started_at, u.state, sum(s.pages)::BIGINT AS pages, sum(s.records)::BIGINT AS records, sum(s.landed)::BIGINT AS landed,
       sum(s.merged)::BIGINT AS merged, sum(s.refused)::BIGINT AS refused, sum(s.dead)::BIGINT AS dead,
       sum(sum(s.landed)) OVER (ORDER BY u.started_at, u.run_id)::BIGINT AS landed_so_far
FROM runs u JOIN run_sources s ON s.run_id = u.run_id GROUP BY u.run_id, u.started_at, u.state ORDER BY u.started_at, u.run_id;
COMMENT ON VIEW growth_by_night IS 'What each run brought';

CREATE VIEW refusals_by_reason AS
SELECT source, reason, count(*) AS records, round(100.0 * count(*) / sum(count(*)) OVER (PARTITION BY source), 1) AS percent_of_refused
FROM refusals GROUP BY source, reason ORDER BY source, records DESC, reason;
COMMENT ON VIEW refusals_by_reason IS 'Why records give no item, as of now';

CREATE VIEW records_current AS
SELECT r.* EXCLUDE (is_latest, meta_hash), f.reason AS refused_because, p.item_id
FROM records r LEFT JOIN refusals f USING (record_key) LEFT JOIN reports p ON p.record_key = r.record_key AND p.live
WHERE r.is_latest;
COMMENT ON VIEW records_current IS 'The latest revision of each record, and what became of it: an item or a reason';

CREATE VIEW duplicates AS
SELECT d.item_id, d.verdict, d.other_id, i.merged_into, d.score, d.threshold, d.method, d.reason, d.encoder, d.undone,
       i.messages ->> '$[0].content' AS text, o.messages ->> '$[0].content' AS other_text
FROM decisions d JOIN items i ON i.item_id = d.item_id LEFT JOIN items o ON o.item_id = d.other_id
WHERE d.verdict IN ('same', 'related') ORDER BY d.score DESC, d.item_id;
COMMENT ON VIEW duplicates IS 'Pairs that the dedupe merged or linked, both texts side by side, the surest first';

CREATE VIEW most_reported AS
SELECT item_id, kind, report_count, source_count, tier, status, prompt, url FROM items_current
WHERE report_count > 1 ORDER BY report_count DESC, item_id;
COMMENT ON VIEW most_reported IS 'Items that more than one record reports';

CREATE VIEW open_dead_letters AS
SELECT source, site, reason, native_id, detail, url, first_seen FROM dead_letters WHERE NOT resolved ORDER BY source, site, first_seen, native_id;
COMMENT ON VIEW open_dead_letters IS 'What could not be parsed and has not been since';

CREATE VIEW composition AS
SELECT kind, tier, key_status, status, export_class, language, count(*) AS items, sum(report_count)::BIGINT AS reports
FROM items_current GROUP BY ALL ORDER BY items DESC, kind, tier, status;
COMMENT ON VIEW composition IS 'What the benchmark consists of';
