CREATE TABLE claims (
    record_key VARCHAR NOT NULL,
    item_id    VARCHAR NOT NULL,
    claim_hash VARCHAR NOT NULL,
    category   VARCHAR NOT NULL,
    phrase     VARCHAR NOT NULL,
    made_by    VARCHAR NOT NULL,
    run_id     VARCHAR NOT NULL
);

CREATE TABLE phrases (
    category   VARCHAR NOT NULL,
    phrase     VARCHAR NOT NULL,
    encoder    VARCHAR NOT NULL,
    dimension  USMALLINT NOT NULL,
    vector     BLOB NOT NULL,
    cluster_id VARCHAR NOT NULL,
    similarity DOUBLE NOT NULL
);

CREATE TABLE clusters (
    cluster_id VARCHAR NOT NULL,
    category   VARCHAR NOT NULL,
    encoder    VARCHAR NOT NULL,
    label      VARCHAR NOT NULL,
    phrases    BIGINT NOT NULL,
    total      BLOB NOT NULL,
    stale      BOOLEAN NOT NULL
);

CREATE TABLE cluster_history (
    event      VARCHAR NOT NULL,
    cluster_id VARCHAR NOT NULL,
    other_id   VARCHAR,
    category   VARCHAR NOT NULL,
    run_id     VARCHAR NOT NULL
);

CREATE TABLE clusterings (
    run_id   VARCHAR PRIMARY KEY,
    version  VARCHAR NOT NULL,
    assigned BIGINT NOT NULL,
    opened   BIGINT NOT NULL,
    merged   BIGINT NOT NULL,
    split    BIGINT NOT NULL,
    gone     BIGINT NOT NULL,
    asked    BIGINT NOT NULL,
    unusable BIGINT NOT NULL
);

COMMENT ON TABLE claims IS 'Each live report that says what went wrong, with the short phrase for it';
COMMENT ON TABLE phrases IS 'Each distinct phrase of a category with its vector (little-endian float16) and the cluster it is in';
COMMENT ON TABLE clusters IS 'Failure clusters; failure_clusters is the view to read';
COMMENT ON TABLE cluster_history IS 'Clusters that were opened, merged into another, split off another, or closed because nobody reports them any more';
COMMENT ON TABLE clusterings IS 'What each pass of clustering did';
COMMENT ON COLUMN claims.claim_hash IS 'Of the words that the phrase was made of; a report whose claim changed is put into a phrase again';
COMMENT ON COLUMN claims.made_by IS 'rules and their version, or the language model that put it so';
COMMENT ON COLUMN phrases.similarity IS 'Cosine to the centroid of its cluster';
COMMENT ON COLUMN clusters.label IS 'The medoid: the phrase nearest to all that its members said';
COMMENT ON COLUMN clusters.total IS 'The sum of the vectors of its phrases in grid steps, little-endian int64; empty while it is stale';
COMMENT ON COLUMN clusters.stale IS 'A member left since the last pass, which will look at it again';
COMMENT ON COLUMN cluster_history.other_id IS 'Where a merged cluster went, or where a split one came from';
COMMENT ON COLUMN clusterings.asked IS 'Claims that were put to a language model';
COMMENT ON COLUMN clusterings.unusable IS 'Those of them for which it gave no usable answer, so that the phrase of the rules was taken';

CREATE VIEW failure_claims AS
WITH said AS (
    SELECT r.record_key, r.item_id, i.messages,
           coalesce(r.claim ->> '$.words.text',
                    CASE WHEN r.tier = 'witnessed' AND i.lead_record = r.record_key THEN left(i.rubric, 400) END) AS words
    FROM reports r JOIN items i ON i.item_id = r.item_id WHERE r.live
)
SELECT record_key, item_id, md5(record_key || chr(10) || item_id || chr(10) || words) AS claim_hash, words, messages
FROM said WHERE trim(words) <> '';
COMMENT ON VIEW failure_claims IS 'Live reports that say in words what went wrong: the claim, or the judge''s reason where the failing answer is there';

CREATE VIEW cluster_members AS
SELECT p.cluster_id, c.record_key, coalesce(i.merged_into, c.item_id) AS item_id, c.category, c.phrase, p.similarity, c.made_by,
       r.source, r.site, r.tier, r.url, o.author_key,
       coalesce(o.created_at, o.first_seen) AS said_at, f.words
FROM claims c
JOIN failure_claims f ON f.record_key = c.record_key AND f.item_id = c.item_id
JOIN phrases p ON p.category = c.category AND p.phrase = c.phrase
JOIN reports r ON r.record_key = c.record_key AND r.item_id = c.item_id AND r.live
JOIN items i ON i.item_id = c.item_id
JOIN records o ON o.record_key = c.record_key AND o.is_latest;
COMMENT ON VIEW cluster_members IS 'Every report in a failure cluster, with what it said and when';

CREATE VIEW failure_clusters AS
WITH clock AS (
    SELECT max(said_at) AS newest,
           7 / (7 + greatest(1, least(28, date_diff('day', min(said_at), max(said_at)) - 7))) AS share
    FROM cluster_members
),
counted AS (
    SELECT m.cluster_id, count(*) AS reports, count(DISTINCT m.item_id) AS items, count(DISTINCT m.source) AS sources,
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
SELECT t.cluster_id, c.category, c.label, t.reports, t.items, t.sources, t.sites, t.authors, t.first_seen, t.last_seen,
       CASE WHEN t.first_seen > t.newest - INTERVAL 7 DAY THEN 'new'
            WHEN list_sum(t.chance[t.last_7 + 1:]) < 0.05 THEN 'growing'
            WHEN list_sum(t.chance[:t.last_7 + 1]) < 0.05 THEN 'fading'
            ELSE 'steady' END AS trend,
       t.last_7, t.before_28, t.tier, t.coherence, c.phrases
FROM tested t JOIN clusters c ON c.cluster_id = t.cluster_id;
COMMENT ON VIEW failure_clusters IS 'One row for each failure that people report, however they put it';
COMMENT ON COLUMN failure_clusters.label IS 'The phrase nearest to all that was said';
COMMENT ON COLUMN failure_clusters.authors IS 'Distinct authors, as far as the sites tell them apart';
COMMENT ON COLUMN failure_clusters.first_seen IS 'When its first report was written, or first fetched where the site gives no date';
COMMENT ON COLUMN failure_clusters.trend IS 'new: nothing older than 7 days; growing, fading: at equal rates so many (few) of the reports of 35 days in the last 7 have a chance under 5 % (Poisson rates compared by the exact binomial test); else steady. Days count back from the newest report; where the oldest is less than 35 days old, from that one on';
COMMENT ON COLUMN failure_clusters.coherence IS 'Mean cosine of the reports'' phrases to the centroid';
