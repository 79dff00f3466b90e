-- Keys are derived a second time, by models of two families or by computation: where these agree with the key it is agreed, else disputed.
CREATE TABLE derivations (
    item_id        VARCHAR NOT NULL,
    version        INTEGER NOT NULL,
    way            VARCHAR NOT NULL,
    derived_by     VARCHAR NOT NULL,
    family         VARCHAR NOT NULL,
    served_id      VARCHAR NOT NULL,
    derived_at     TIMESTAMPTZ NOT NULL,
    response       VARCHAR NOT NULL,
    usd            DECIMAL(18, 10) NOT NULL,
    answer         VARCHAR NOT NULL,
    verdict        VARCHAR,
    why            VARCHAR NOT NULL,
    scorer         VARCHAR NOT NULL,
    scorer_version VARCHAR NOT NULL
);
COMMENT ON TABLE derivations IS 'Keys derived anew by who was not shown them, each compared with the key by the scorer of the item';
COMMENT ON COLUMN derivations.derived_by IS 'The name in models.toml, or computation';
COMMENT ON COLUMN derivations.answer IS 'The words of the response that were compared';
COMMENT ON COLUMN derivations.verdict IS 'pass where it agrees with the key, fail where it does not; NULL where nothing could compare them';

CREATE VIEW standing_derivations AS
SELECT d.* FROM derivations d JOIN items i USING (item_id) LEFT JOIN reworded_items w USING (item_id)
WHERE i.merged_into IS NULL AND (w.item_id IS NULL OR d.derived_at > w.since);
COMMENT ON VIEW standing_derivations IS 'Those of items as they are worded now';

CREATE VIEW derived_keys AS
WITH told AS (
    SELECT item_id, any_value(verdict) FILTER (derived_by = 'computation') AS computed,
           count(DISTINCT family) FILTER (derived_by <> 'computation' AND family <> '') AS families, bool_or(verdict = 'fail') AS differs
    FROM standing_derivations WHERE verdict IN ('pass', 'fail') GROUP BY item_id
)
SELECT item_id, CASE WHEN coalesce(computed = 'fail', differs) THEN 'disputed' ELSE 'agreed' END AS key_status
FROM told WHERE computed IS NOT NULL OR families >= 2;
COMMENT ON VIEW derived_keys IS 'What follows of derivations for a key. A computation decides; else two families have to agree with it, and so with each other. One model alone says nothing';

CREATE VIEW key_queue AS
WITH doubted AS (
    SELECT coalesce(i.merged_into, i.item_id) AS item_id, c.way, c.scorer, c.scorer_version, c.why,
           CASE WHEN c.key_verdict = 'fail' THEN 'key_fails' ELSE 'failing_passes' END AS reason, c.checked_at AS since
    FROM scorer_checks c JOIN items i ON i.item_id = c.item_id
    WHERE c.key_verdict = 'fail' OR c.failing = 'pass'
),
failed_by_all AS (
    SELECT item_id, any_value(way) AS way, any_value(scorer) AS scorer, any_value(scorer_version) AS scorer_version,
           count(DISTINCT model) AS models, max(asked_at) AS since
    FROM standing_trials WHERE verdict IN ('pass', 'fail')
    GROUP BY 1 HAVING count(DISTINCT model) >= 2 AND bool_and(verdict = 'fail')
)
SELECT item_id, reason, way, scorer, scorer_version, why, since FROM doubted
UNION ALL
SELECT item_id, 'all_models_fail', way, scorer, scorer_version, models || ' models fail it in every trial', since
FROM failed_by_all ANTI JOIN doubted USING (item_id)
UNION ALL
SELECT d.item_id, 'derivations_differ', any_value(d.way), any_value(d.scorer), max(d.scorer_version),
       string_agg(d.derived_by || ': ' || coalesce(nullif(d.answer, ''), '(nothing that can be compared)') || ' (' || coalesce(d.verdict, 'open') || ')',
                  '; ' ORDER BY d.derived_by), max(d.derived_at)
FROM standing_derivations d JOIN derived_keys k USING (item_id) LEFT JOIN last_verdicts v USING (item_id)
WHERE k.key_status = 'disputed' AND v.key_status IS NULL GROUP BY d.item_id;
COMMENT ON VIEW key_queue IS 'Items whose key a person should look at first';
COMMENT ON COLUMN key_queue.reason IS 'key_fails: the scorer does not accept the key; failing_passes: it accepts the failing answer that was recorded (neither counts as reproduced); all_models_fail: every trial of two or more models fails; derivations_differ: whoever derived the key anew does not agree with it, or not with each other, and no person has said what it is worth';

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
       coalesce(v.key_status, k.key_status, i.key_status) AS key_status,
       CASE WHEN i.lifecycle = 'retired' THEN i.lifecycle ELSE coalesce(v.lifecycle, i.lifecycle) END AS status,
       i.language, i.tags, r.licence, e.export_class, r.attribution, r.source, r.site, r.native_id, r.url,
       i.rule, i.rule_version, e.first_seen, e.last_seen, e.report_count, e.source_count, e.strength, i.created_run
FROM worded i
JOIN evidence e ON e.item_id = i.item_id
JOIN reports r ON r.item_id = i.item_id AND r.record_key = e.lead_record AND r.live
LEFT JOIN last_verdicts v ON v.item_id = i.item_id
LEFT JOIN reproduced_items p ON p.item_id = i.item_id
LEFT JOIN derived_keys k ON k.item_id = i.item_id;
COMMENT ON VIEW items_current IS 'The benchmark: one row for each canonical item with live evidence, as persons edited it';
COMMENT ON COLUMN items_current.item_id IS 'xxh3-128 of the normalised messages, options and target as they were harvested; an edit does not change it';
COMMENT ON COLUMN items_current.version IS 'Counts the wordings of the source and the edits of persons';
COMMENT ON COLUMN items_current.prompt IS 'The messages as one text';
COMMENT ON COLUMN items_current.target IS 'The key: what a right answer says';
COMMENT ON COLUMN items_current.tier IS 'reproduced where two trials or more of a model failed, else the strongest evidence among the reports: untested < claimed < witnessed';
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
COMMENT ON COLUMN items_current.key_status IS 'How far the target can be trusted; a person''s word stands over derivations, and these over the source''s';
