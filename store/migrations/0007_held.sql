ALTER TABLE readings ADD COLUMN held VARCHAR DEFAULT '';

COMMENT ON COLUMN readings.held IS
    'Why a further reader gave nothing: refused; or silent, over_budget, unavailable, after which a later run asks again; empty where none was lacking';
