-- Models are asked: what each answered, how it was scored, and what follows for the tier of an item as it is worded now.
CREATE TABLE trials (
    trial_id        VARCHAR NOT NULL,
    item_id         VARCHAR NOT NULL,
    version         INTEGER NOT NULL,
    way             VARCHAR NOT NULL,
    model           VARCHAR NOT NULL,
    served_id       VARCHAR NOT NULL,
    round           VARCHAR NOT NULL,
    number          INTEGER NOT NULL,
    asked_at        TIMESTAMPTZ NOT NULL,
    response        VARCHAR NOT NULL,
    finish_reason   VARCHAR NOT NULL,
    sent_tokens     BIGINT NOT NULL,
    cached_tokens   BIGINT NOT NULL,
    answered_tokens BIGINT NOT NULL,
    usd             DECIMAL(18, 10) NOT NULL,
    seconds         DOUBLE NOT NULL,
    scorer          VARCHAR NOT NULL,
    scorer_version  VARCHAR NOT NULL,
    verdict         VARCHAR,
    why             VARCHAR NOT NULL,
    evidence        VARCHAR NOT NULL,
    error           VARCHAR NOT NULL
);
COMMENT ON TABLE trials IS 'Every time a model was asked an item: the answer, its cost, and how it was scored';
COMMENT ON COLUMN trials.model IS 'The name in models.toml';
COMMENT ON COLUMN trials.served_id IS 'What the endpoint said that it is';
COMMENT ON COLUMN trials.round IS 'Counts the rounds of trials of this item and model: 0001, 0002, ...';
COMMENT ON COLUMN trials.usd IS 'By the prices in models.toml at that time; an answer that was lost is charged as the most that it could cost';
COMMENT ON COLUMN trials.verdict IS 'pass, fail or borderline; NULL where nothing could score it';
COMMENT ON COLUMN trials.error IS 'Why there is no whole answer (a limit cut it, the endpoint failed); such a trial is left out of k of n';

CREATE TABLE scorer_checks (
    item_id        VARCHAR NOT NULL,
    way            VARCHAR NOT NULL,
    scorer         VARCHAR NOT NULL,
    scorer_version VARCHAR NOT NULL,
    key_verdict    VARCHAR,
    failing        VARCHAR,
    why            VARCHAR NOT NULL,
    checked_at     TIMESTAMPTZ NOT NULL
);
COMMENT ON TABLE scorer_checks IS 'What the scorer of an item says of its own key, which must pass, and of the recorded failing answer, which must not';
COMMENT ON COLUMN scorer_checks.failing IS 'pass where the scorer passes a failing answer that was recorded, else fail; NULL where there is none to score';

CREATE TABLE trials_taken (bytes BIGINT NOT NULL);
INSERT INTO trials_taken VALUES (0);
COMMENT ON TABLE trials_taken IS 'One row: how long archive/trials.jsonl was when it was last read';

CREATE VIEW standing_trials AS
SELECT t.* REPLACE (coalesce(i.merged_into, t.item_id) AS item_id)
FROM trials t JOIN items i ON i.item_id = t.item_id LEFT JOIN reworded_items w ON w.item_id = t.item_id
WHERE w.item_id IS NULL OR t.asked_at > w.since;
COMMENT ON VIEW standing_trials IS 'The trials of items as they are worded now, those of a merged item under the one that it went into';

CREATE VIEW trial_rounds AS
SELECT t.item_id, t.model, t.round,
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
FROM standing_trials t GROUP BY ALL;
COMMENT ON VIEW trial_rounds IS 'The trials of an item as it is worded now and of those merged into it, by model and round: k of n failed';
COMMENT ON COLUMN trial_rounds.left_out IS 'Trials that a limit cut or that ended in an error: no part of n';

CREATE VIEW doubted_items AS
SELECT coalesce(i.merged_into, i.item_id) AS item_id, count(*) AS doubts
FROM scorer_checks c JOIN items i ON i.item_id = c.item_id WHERE c.key_verdict = 'fail' OR c.failing = 'pass' GROUP BY ALL;
COMMENT ON VIEW doubted_items IS 'Items that do not count: their scorer does not tell their key from their failing answer';

CREATE VIEW item_states AS
WITH dated AS (
    SELECT *, min(round) FILTER (k >= 2) OVER (PARTITION BY item_id, model) AS first_reproduced FROM trial_rounds WHERE n >= 2
),
told AS (
    SELECT item_id, model, max(round) AS round, arg_max(k, round) AS k, arg_max(n, round) AS n, count(*) AS rounds,
           count(*) FILTER (k >= 2) AS failing_rounds, count(*) FILTER (round >= first_reproduced) AS rounds_since,
           arg_max(served_id, round) AS served_id, max(last_asked) AS last_asked, max(last_failed) AS last_failed,
           arg_max(failed_as, last_failed) AS failed_as
    FROM dated GROUP BY ALL
)
SELECT t.item_id, t.model, t.served_id, t.round, t.k, t.n,
       CASE WHEN q.item_id IS NOT NULL THEN 'key in question'
            WHEN t.k >= 2 AND t.failing_rounds = 1 THEN 'reproduced'
            WHEN t.k >= 2 AND t.failing_rounds = t.rounds_since THEN 'still failing'
            WHEN t.k >= 1 THEN 'intermittent'
            WHEN t.failing_rounds > 0 THEN 'solved since'
            ELSE 'not reproduced' END AS state,
       t.last_asked, t.last_failed, t.failed_as, t.rounds, t.failing_rounds
FROM told t LEFT JOIN doubted_items q ON q.item_id = t.item_id;
COMMENT ON VIEW item_states IS 'What the trials say of each item and model; computed, never typed in. Rounds in which fewer than two trials could be scored say nothing';
COMMENT ON COLUMN item_states.state IS 'reproduced: two trials or more of a round failed; still failing: so did every round since; intermittent: some do and some do not; solved since: it was reproduced, and in the last round none failed; not reproduced: none failed; key in question: the item does not count';
COMMENT ON COLUMN item_states.last_failed IS 'When it was last seen failing, by failed_as';

CREATE VIEW results_by_model AS
SELECT t.model, t.served_id, count(DISTINCT coalesce(i.merged_into, t.item_id)) AS items, count(*) AS trials,
       count(*) FILTER (t.error = '' AND t.verdict = 'pass') AS passed,
       count(*) FILTER (t.error = '' AND t.verdict = 'fail') AS failed,
       count(*) FILTER (t.error = '' AND t.verdict = 'borderline') AS borderline,
       count(*) FILTER (t.error = '' AND t.verdict IS NULL) AS unscored,
       count(*) FILTER (t.error <> '') AS left_out,
       sum(t.usd) AS usd, sum(t.sent_tokens)::BIGINT AS sent_tokens, sum(t.answered_tokens)::BIGINT AS answered_tokens,
       avg(t.seconds) AS mean_seconds, min(t.asked_at) AS first_asked, max(t.asked_at) AS last_asked
FROM trials t JOIN items i ON i.item_id = t.item_id GROUP BY ALL ORDER BY t.model, t.served_id;
COMMENT ON VIEW results_by_model IS 'What each model, under each id that it was served as, made of the items';

CREATE VIEW reproduced_items AS
SELECT r.item_id, count(*) AS rounds FROM trial_rounds r LEFT JOIN doubted_items q ON q.item_id = r.item_id
WHERE r.k >= 2 AND q.item_id IS NULL GROUP BY ALL;
COMMENT ON VIEW reproduced_items IS 'Items of which two trials or more of one round failed, with a scorer that tells their key from their failing answer';
