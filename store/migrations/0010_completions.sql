-- A person adds to a lead what it lacks. Views are made anew so that leads stand in failure clusters, and so that a failure may come back.
CREATE TABLE completions (
    verdict_id VARCHAR NOT NULL,
    record_key VARCHAR NOT NULL,
    prompt     VARCHAR NOT NULL,
    context    VARCHAR NOT NULL,
    hidden     VARCHAR NOT NULL,
    author     VARCHAR NOT NULL,
    reason     VARCHAR NOT NULL,
    given_at   TIMESTAMPTZ NOT NULL
);
COMMENT ON TABLE completions IS 'What persons added to leads: the prompt or the missing context; never words of the source';
COMMENT ON COLUMN completions.prompt IS 'What to ask; empty where the prompt of the lead itself is asked, after the context';
COMMENT ON COLUMN completions.hidden IS 'Keyed hash of what was replaced in both texts before they were written down';

ALTER TABLE leads ADD COLUMN language VARCHAR DEFAULT '';
COMMENT ON COLUMN leads.language IS 'Of the post, by the site or as it was found out';

DROP VIEW failure_clusters;
DROP VIEW cluster_members;
DROP VIEW failure_claims;
DROP VIEW open_leads;

CREATE VIEW failure_claims AS
WITH said AS (
    SELECT r.record_key, r.item_id, i.messages,
           coalesce(r.claim ->> '$.words.text',
                    CASE WHEN r.tier = 'witnessed' AND i.lead_record = r.record_key THEN left(i.rubric, 400) END) AS words
    FROM reports r JOIN items i ON i.item_id = r.item_id WHERE r.live
    UNION ALL
    SELECT l.record_key, '' AS item_id,
           CASE WHEN l.prompt IS NULL THEN '[]' ELSE json_array(json_object('role', 'user', 'content', l.prompt ->> '$.text')) END AS messages,
           coalesce(l.claim ->> '$.text', nullif(r.title, ''), left(r.text, 400)) AS words
    FROM leads l JOIN records r ON r.record_key = l.record_key AND r.is_latest
)
SELECT s.record_key, s.item_id, md5(concat_ws(chr(10), s.record_key, s.item_id, s.words)) AS claim_hash, s.words, s.messages,
       o.role, o.title, o.text
FROM said s JOIN records o ON o.record_key = s.record_key AND o.is_latest
WHERE trim(s.words) <> '';
COMMENT ON VIEW failure_claims IS 'Live reports and leads that say in words what went wrong: the claim, the judge''s reason where the failing answer is there, or the beginning of a lead';
COMMENT ON COLUMN failure_claims.item_id IS 'Empty for a lead';

CREATE VIEW cluster_members AS
SELECT p.cluster_id, c.record_key, coalesce(i.merged_into, c.item_id) AS item_id, c.category, c.phrase, p.similarity, c.made_by,
       o.source, o.site, coalesce(r.tier, 'untested') AS tier, o.url, o.author_key,
       coalesce(o.created_at, o.first_seen) AS said_at, f.words, c.item_id = '' AS is_lead
FROM claims c
JOIN failure_claims f ON f.record_key = c.record_key AND f.item_id = c.item_id
JOIN phrases p ON p.category = c.category AND p.phrase = c.phrase
JOIN records o ON o.record_key = c.record_key AND o.is_latest
LEFT JOIN reports r ON r.record_key = c.record_key AND r.item_id = c.item_id AND r.live
LEFT JOIN items i ON i.item_id = c.item_id;
COMMENT ON VIEW cluster_members IS 'Every report and lead in a failure cluster, with what it said and when';
COMMENT ON COLUMN cluster_members.item_id IS 'Empty for a lead';

CREATE VIEW failure_clusters AS
WITH clock AS (
    SELECT max(said_at) AS newest,
           7 / (7 + greatest(1, least(28, date_diff('day', min(said_at), max(said_at)) - 7))) AS share
    FROM cluster_members
),
counted AS (
    SELECT m.cluster_id, count(*) AS reports, count(*) FILTER (m.is_lead) AS leads,
           count(DISTINCT nullif(m.item_id, '')) AS items, count(DISTINCT m.source) AS sources,
           count(DISTINCT (m.source, m.site)) AS sites, count(DISTINCT m.author_key) AS authors,
           min(m.said_at) AS first_seen, max(m.said_at) AS last_seen, max(m.tier) AS tier, avg(m.similarity) AS coherence,
           count(*) FILTER (m.said_at > c.newest - INTERVAL 7 DAY) AS last_7,
           count(*) FILTER (m.said_at <= c.newest - INTERVAL 7 DAY AND m.said_at > c.newest - INTERVAL 35 DAY) AS before_28
    FROM cluster_members m CROSS JOIN clock c GROUP BY m.cluster_id
),
tested AS (
    SELECT *, list_transform(range(0, last_7 + before_28 + 1),
                  lambda k: exp(lgamma(last_7 + before_28 + 1) - lgamma(k + 1) - lgamma(last_7 + before_28 - k + 1)
                                + k * ln(share) + (last_7 + before_28 - k) * ln(1 - share))) AS chance
    FROM counted CROSS JOIN clock
)
SELECT t.cluster_id, c.category, c.label, t.reports, t.leads, t.items, t.sources, t.sites, t.authors, t.first_seen, t.last_seen,
       CASE WHEN t.first_seen > t.newest - INTERVAL 7 DAY THEN 'new'
            WHEN t.last_7 > 0 AND t.before_28 = 0 THEN 'resurfaced'
            WHEN list_sum(t.chance[t.last_7 + 1:]) < 0.05 THEN 'growing'
            WHEN list_sum(t.chance[:t.last_7 + 1]) < 0.05 THEN 'fading'
            ELSE 'steady' END AS trend,
       t.last_7, t.before_28, t.tier, t.coherence, c.phrases
FROM tested t JOIN clusters c ON c.cluster_id = t.cluster_id;
COMMENT ON VIEW failure_clusters IS 'One row for each failure that people report, however they put it';
COMMENT ON COLUMN failure_clusters.label IS 'The phrase nearest to all that was said';
COMMENT ON COLUMN failure_clusters.reports IS 'Reports of items, and leads';
COMMENT ON COLUMN failure_clusters.authors IS 'Distinct authors, as far as the sites tell them apart';
COMMENT ON COLUMN failure_clusters.first_seen IS 'When its first report was written, or first fetched where the site gives no date';
COMMENT ON COLUMN failure_clusters.trend IS 'new: nothing older than 7 days; resurfaced: reported again after 28 days in which nobody did; growing, fading: at equal rates so many (few) of the reports of 35 days in the last 7 have a chance under 5 % (Poisson rates compared by the exact binomial test); else steady. Days count back from the newest report; where the oldest is less than 35 days old, from that one on';
COMMENT ON COLUMN failure_clusters.coherence IS 'Mean cosine of the reports'' phrases to the centroid';

CREATE VIEW open_leads AS
SELECT l.record_key, l.source, r.site, l.reason, l.fails, l.model, l.language, p.cluster_id, l.claim ->> '$.text' AS claim,
       l.prompt ->> '$.text' AS prompt, r.title, r.text, r.url, r.created_at AS said_at, r.licence, r.export_class, l.run_id
FROM leads l JOIN records r ON r.record_key = l.record_key AND r.is_latest
LEFT JOIN claims c ON c.record_key = l.record_key AND c.item_id = ''
LEFT JOIN phrases p ON p.category = c.category AND p.phrase = c.phrase;
COMMENT ON VIEW open_leads IS 'Each reported failure that cannot be asked again yet, with the post that reports it and its failure cluster';
