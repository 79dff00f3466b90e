-- A person may take back what was said of a key: `unverified` stands for nothing said.
CREATE OR REPLACE VIEW last_verdicts AS
SELECT item_id,
       arg_max(verdict, (given_at, verdict_id)) FILTER (verdict IN ('proposed', 'active', 'retired', 'rejected', 'waived')) AS lifecycle,
       nullif(arg_max(verdict, (given_at, verdict_id)) FILTER (verdict IN ('verified', 'disputed', 'unverified')), 'unverified') AS key_status,
       max(given_at) AS given_at,
       count(*) AS verdicts
FROM verdicts GROUP BY item_id;
COMMENT ON VIEW last_verdicts IS 'What persons last said of each item, about its life and about its key';
