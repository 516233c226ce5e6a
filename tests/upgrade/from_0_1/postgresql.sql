CREATE FUNCTION public.append_only() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
    BEGIN
        RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'check_violation';
    END $$;

CREATE TABLE public.billing (
    id bigint NOT NULL,
    kind text NOT NULL,
    job_id text,
    attempt bigint,
    hold_id bigint,
    amount_micro bigint NOT NULL,
    account text NOT NULL,
    guild_id bigint NOT NULL,
    user_id bigint NOT NULL,
    price_version text NOT NULL,
    created_at_ms bigint NOT NULL,
    actor text NOT NULL,
    note text NOT NULL,
    grant_id bigint,
    from_grant_micro bigint DEFAULT 0 NOT NULL,
    CONSTRAINT ck_billing_account CHECK ((account = ANY (ARRAY['member'::text, 'operator'::text]))),
    CONSTRAINT ck_billing_amount CHECK (((amount_micro > 0) OR ((kind = 'charge'::text) AND (amount_micro = 0)) OR ((kind = ANY (ARRAY['adjust'::text, 'grant'::text])) AND (amount_micro < 0)))),
    CONSTRAINT ck_billing_attempt CHECK (((kind = ANY (ARRAY['adjust'::text, 'grant'::text])) = (attempt IS NULL))),
    CONSTRAINT ck_billing_from_grant CHECK (((from_grant_micro = 0) OR ((kind = ANY (ARRAY['hold'::text, 'charge'::text, 'release'::text])) AND (from_grant_micro > 0) AND (from_grant_micro <= amount_micro)) OR ((kind = 'adjust'::text) AND (account = 'member'::text) AND (from_grant_micro < 0) AND (from_grant_micro >= amount_micro)))),
    CONSTRAINT ck_billing_grant_id CHECK ((((kind = 'grant'::text) AND (amount_micro < 0)) = (grant_id IS NOT NULL))),
    CONSTRAINT ck_billing_hold_id CHECK ((((kind = ANY (ARRAY['charge'::text, 'release'::text])) OR ((kind = 'adjust'::text) AND (account = 'member'::text))) = (hold_id IS NOT NULL))),
    CONSTRAINT ck_billing_job CHECK (((kind = 'grant'::text) = (job_id IS NULL))),
    CONSTRAINT ck_billing_kind CHECK ((kind = ANY (ARRAY['hold'::text, 'charge'::text, 'release'::text, 'adjust'::text, 'grant'::text])))
);

CREATE FUNCTION public.billing_check_grant(entry public.billing) RETURNS void
    LANGUAGE plpgsql
    AS $$
    DECLARE
        rest bigint;
    BEGIN
        -- Whoever takes back from the same grant waits here for the other.
        PERFORM 1 FROM billing
        WHERE id = entry.grant_id AND kind = 'grant' AND amount_micro > 0
            AND guild_id = entry.guild_id AND user_id = entry.user_id
        FOR UPDATE;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'grant_id is no grant to this member'
            USING ERRCODE = 'check_violation';
        END IF;
        SELECT SUM(amount_micro) INTO rest FROM billing
        WHERE kind = 'grant' AND guild_id = entry.guild_id AND user_id = entry.user_id
            AND entry.grant_id IN (id, grant_id);
        IF rest + entry.amount_micro < 0 THEN
            RAISE EXCEPTION 'more than a grant gave would be taken back'
            USING ERRCODE = 'check_violation';
        END IF;
    END $$;

CREATE FUNCTION public.billing_check_hold(entry public.billing) RETURNS void
    LANGUAGE plpgsql
    AS $$
    DECLARE
        held billing%ROWTYPE;
        back bigint;
    BEGIN
        SELECT * INTO held FROM billing
        WHERE id = entry.hold_id AND kind = 'hold' AND job_id = entry.job_id
            AND guild_id = entry.guild_id AND user_id = entry.user_id
            AND (entry.kind = 'adjust' OR attempt = entry.attempt);
        IF NOT FOUND THEN
            RAISE EXCEPTION 'hold_id is no hold of this job, attempt and member'
            USING ERRCODE = 'check_violation';
        END IF;
        IF (entry.kind = 'charge' AND (
                entry.amount_micro > held.amount_micro
                OR entry.from_grant_micro > held.from_grant_micro
                OR entry.amount_micro - entry.from_grant_micro
                    > held.amount_micro - held.from_grant_micro
            ))
            OR (entry.kind = 'release' AND (
                entry.amount_micro <> held.amount_micro
                OR entry.from_grant_micro <> held.from_grant_micro
            )) THEN
            RAISE EXCEPTION 'a charge is at most its hold, a release all of it'
            USING ERRCODE = 'check_violation';
        END IF;
        IF entry.kind = 'adjust' AND entry.from_grant_micro < 0 THEN
            -- Whoever gives back from the same hold waits here for the other.
            PERFORM 1 FROM billing WHERE id = held.id FOR UPDATE;
            SELECT COALESCE(SUM(from_grant_micro), 0) INTO back FROM billing
            WHERE hold_id = held.id AND kind IN ('charge', 'adjust');
            IF back + entry.from_grant_micro < 0 THEN
                RAISE EXCEPTION 'more than grants paid would be given back to them'
                USING ERRCODE = 'check_violation';
            END IF;
        END IF;
    END $$;

CREATE FUNCTION public.billing_daily_sums() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
    BEGIN 
        INSERT INTO daily_sums (guild_id, scope, day, subject_id, model, charged_micro, adjusted_micro, released_micro, charges)
        SELECT guild_id, scope, at_ms / 86400000,
            CASE scope WHEN 'user' THEN user_id WHEN 'channel' THEN channel_id ELSE 0 END,
            model, SUM(charged_micro), SUM(adjusted_micro), SUM(released_micro), SUM(charges)
        FROM (
    SELECT e.guild_id, e.user_id, jobs.channel_id, jobs.model, e.created_at_ms AS at_ms,
        CASE WHEN e.kind = 'charge' THEN e.amount_micro ELSE 0 END AS charged_micro,
        CASE WHEN e.kind = 'adjust' THEN e.amount_micro ELSE 0 END AS adjusted_micro,
        CASE WHEN e.kind = 'release' THEN e.amount_micro ELSE 0 END AS released_micro,
        CASE WHEN e.kind = 'charge' AND e.amount_micro > 0 THEN 1 ELSE 0 END AS charges
    FROM billing AS e JOIN jobs ON jobs.id = e.job_id
    WHERE e.kind IN ('charge', 'release', 'adjust') AND e.account = 'member'
 AND e.id = NEW.id) AS added CROSS JOIN (
            SELECT 'server' AS scope UNION ALL SELECT 'user' UNION ALL SELECT 'channel'
        ) AS scopes
        GROUP BY 1, 2, 3, 4, 5
        ORDER BY 1, 2, 3, 4, 5
        ON CONFLICT (guild_id, scope, day, subject_id, model) DO UPDATE SET charged_micro = daily_sums.charged_micro + excluded.charged_micro, adjusted_micro = daily_sums.adjusted_micro + excluded.adjusted_micro, released_micro = daily_sums.released_micro + excluded.released_micro, charges = daily_sums.charges + excluded.charges;
     RETURN NULL; END $$;

CREATE FUNCTION public.billing_insert() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
    BEGIN
        IF NEW.hold_id IS NOT NULL THEN
            PERFORM billing_check_hold(NEW);
        END IF;
        IF NEW.grant_id IS NOT NULL THEN
            PERFORM billing_check_grant(NEW);
        END IF;
        RETURN NEW;
    END $$;

CREATE FUNCTION public.jobs_daily_sums() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
    BEGIN 
        INSERT INTO daily_sums (guild_id, scope, day, subject_id, model, delivered, failed, cancelled, waited_ms)
        SELECT guild_id, scope, at_ms / 86400000,
            CASE scope WHEN 'user' THEN user_id WHEN 'channel' THEN channel_id ELSE 0 END,
            model, SUM(delivered), SUM(failed), SUM(cancelled), SUM(waited_ms)
        FROM (
    SELECT guild_id, user_id, channel_id, model, ended_at_ms AS at_ms,
        CASE WHEN state = 'delivered' THEN 1 ELSE 0 END AS delivered,
        CASE WHEN state IN ('failed', 'rejected') THEN 1 ELSE 0 END AS failed,
        CASE WHEN state = 'cancelled' THEN 1 ELSE 0 END AS cancelled,
        CASE WHEN state = 'delivered' THEN ended_at_ms - created_at_ms ELSE 0 END AS waited_ms
    FROM jobs WHERE ended_at_ms IS NOT NULL
 AND id = NEW.id) AS added CROSS JOIN (
            SELECT 'server' AS scope UNION ALL SELECT 'user' UNION ALL SELECT 'channel'
        ) AS scopes
        GROUP BY 1, 2, 3, 4, 5
        ORDER BY 1, 2, 3, 4, 5
        ON CONFLICT (guild_id, scope, day, subject_id, model) DO UPDATE SET delivered = daily_sums.delivered + excluded.delivered, failed = daily_sums.failed + excluded.failed, cancelled = daily_sums.cancelled + excluded.cancelled, waited_ms = daily_sums.waited_ms + excluded.waited_ms;
     RETURN NULL; END $$;

CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);

CREATE TABLE public.balance_readings (
    id bigint NOT NULL,
    at_ms bigint NOT NULL,
    balance_micro bigint NOT NULL,
    expected_micro bigint NOT NULL,
    in_flight_micro bigint NOT NULL
);

CREATE SEQUENCE public.balance_readings_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE public.balance_readings_id_seq OWNED BY public.balance_readings.id;

CREATE TABLE public.belt (
    id bigint NOT NULL,
    paused_until_ms bigint,
    pause_reason text,
    short_since_ms bigint,
    stopped_at_ms bigint,
    stopped_by text,
    stop_reason text,
    CONSTRAINT ck_belt_one_row CHECK ((id = 1))
);

CREATE TABLE public.billing_buckets (
    hold_id bigint NOT NULL,
    bucket_id text NOT NULL
);

CREATE SEQUENCE public.billing_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE public.billing_id_seq OWNED BY public.billing.id;

CREATE TABLE public.changes (
    id bigint NOT NULL,
    at_ms bigint NOT NULL,
    guild_id bigint NOT NULL,
    actor text NOT NULL,
    what text NOT NULL,
    subject text NOT NULL,
    before text,
    after text,
    note text NOT NULL,
    interaction_id bigint,
    entry_id bigint
);

CREATE SEQUENCE public.changes_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE public.changes_id_seq OWNED BY public.changes.id;

CREATE TABLE public.daily_sums (
    guild_id bigint NOT NULL,
    scope text NOT NULL,
    day bigint NOT NULL,
    subject_id bigint NOT NULL,
    model text NOT NULL,
    charged_micro bigint DEFAULT 0 NOT NULL,
    adjusted_micro bigint DEFAULT 0 NOT NULL,
    released_micro bigint DEFAULT 0 NOT NULL,
    charges bigint DEFAULT 0 NOT NULL,
    delivered bigint DEFAULT 0 NOT NULL,
    failed bigint DEFAULT 0 NOT NULL,
    cancelled bigint DEFAULT 0 NOT NULL,
    waited_ms bigint DEFAULT 0 NOT NULL,
    CONSTRAINT ck_daily_sums_scope CHECK ((scope = ANY (ARRAY['server'::text, 'user'::text, 'channel'::text])))
);

CREATE TABLE public.guilds (
    guild_id bigint NOT NULL,
    settings text NOT NULL,
    updated_at_ms bigint NOT NULL
);

CREATE TABLE public.job_events (
    id bigint NOT NULL,
    job_id text NOT NULL,
    source text,
    target text NOT NULL,
    at_ms bigint NOT NULL,
    detail text
);

CREATE SEQUENCE public.job_events_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE public.job_events_id_seq OWNED BY public.job_events.id;

CREATE TABLE public.jobs (
    id text NOT NULL,
    interaction_id bigint NOT NULL,
    guild_id bigint NOT NULL,
    channel_id bigint NOT NULL,
    user_id bigint NOT NULL,
    state text NOT NULL,
    fence bigint NOT NULL,
    request text NOT NULL,
    model text NOT NULL,
    mode text NOT NULL,
    resolution text NOT NULL,
    seconds bigint NOT NULL,
    price_micro bigint NOT NULL,
    price_version text NOT NULL,
    attempt bigint NOT NULL,
    submissions bigint NOT NULL,
    task_id text,
    result_url text,
    file_name text,
    file_size bigint,
    file_sha256 text,
    status_message_id bigint,
    status_since_ms bigint,
    status_shown text,
    result_message_id bigint,
    posting_since_ms bigint,
    reason text,
    fail_code text,
    failures bigint NOT NULL,
    turns bigint NOT NULL,
    due_at_ms bigint NOT NULL,
    lease_owner text,
    lease_until_ms bigint,
    created_at_ms bigint NOT NULL,
    submitted_at_ms bigint,
    started_at_ms bigint,
    ended_at_ms bigint,
    private bigint DEFAULT 0 NOT NULL,
    shared_message_id bigint,
    shared_channel_id bigint,
    result_channel_id bigint,
    told_at_ms bigint,
    closed_at_ms bigint,
    CONSTRAINT ck_jobs_price CHECK ((price_micro > 0)),
    CONSTRAINT ck_jobs_state CHECK ((state = ANY (ARRAY['cancelled'::text, 'delivered'::text, 'failed'::text, 'generating'::text, 'posting'::text, 'quarantined'::text, 'queued'::text, 'rejected'::text, 'result_lost'::text, 'stored'::text, 'stuck'::text, 'submit_unknown'::text, 'submitting'::text, 'succeeded'::text, 'undeliverable'::text])))
);

CREATE TABLE public.limits (
    guild_id bigint NOT NULL,
    target text NOT NULL,
    subject_id bigint NOT NULL,
    kind text NOT NULL,
    amount bigint,
    CONSTRAINT ck_limits_amount CHECK ((amount >= 0)),
    CONSTRAINT ck_limits_guild_id CHECK (((target = 'everything'::text) = (guild_id = 0))),
    CONSTRAINT ck_limits_kind CHECK ((kind = ANY (ARRAY['cooldown'::text, 'day'::text, 'in_flight'::text, 'month'::text]))),
    CONSTRAINT ck_limits_subject_id CHECK (((target = ANY (ARRAY['member'::text, 'role'::text])) = (subject_id <> 0))),
    CONSTRAINT ck_limits_target CHECK ((target = ANY (ARRAY['everything'::text, 'member'::text, 'members'::text, 'role'::text, 'server'::text])))
);

CREATE TABLE public.members (
    guild_id bigint NOT NULL,
    user_id bigint NOT NULL,
    tell_when_done bigint NOT NULL
);

CREATE TABLE public.notes (
    key text NOT NULL,
    value text NOT NULL
);

CREATE TABLE public.presets (
    guild_id bigint NOT NULL,
    name text NOT NULL,
    preset text NOT NULL,
    updated_at_ms bigint NOT NULL
);

CREATE TABLE public.quota_buckets (
    bucket_id text NOT NULL,
    held_micro bigint NOT NULL,
    charged_micro bigint NOT NULL,
    granted_micro bigint DEFAULT 0 NOT NULL,
    CONSTRAINT ck_quota_buckets_granted CHECK (((bucket_id !~~ 'purse%'::text) OR ((held_micro + charged_micro) <= granted_micro))),
    CONSTRAINT ck_quota_buckets_held CHECK ((held_micro >= 0))
);

ALTER TABLE ONLY public.balance_readings ALTER COLUMN id SET DEFAULT nextval('public.balance_readings_id_seq'::regclass);

ALTER TABLE ONLY public.billing ALTER COLUMN id SET DEFAULT nextval('public.billing_id_seq'::regclass);

ALTER TABLE ONLY public.changes ALTER COLUMN id SET DEFAULT nextval('public.changes_id_seq'::regclass);

ALTER TABLE ONLY public.job_events ALTER COLUMN id SET DEFAULT nextval('public.job_events_id_seq'::regclass);

INSERT INTO public.alembic_version (version_num) VALUES ('0004');

INSERT INTO public.balance_readings (id, at_ms, balance_micro, expected_micro, in_flight_micro) VALUES (1, 1796041732275, 100000000, 0, 0);
INSERT INTO public.balance_readings (id, at_ms, balance_micro, expected_micro, in_flight_micro) VALUES (2, 1796041734399, 100000000, 0, 0);
INSERT INTO public.balance_readings (id, at_ms, balance_micro, expected_micro, in_flight_micro) VALUES (3, 1796041736446, 99920000, 80000, 0);
INSERT INTO public.balance_readings (id, at_ms, balance_micro, expected_micro, in_flight_micro) VALUES (4, 1796041738554, 99072000, 928000, 0);
INSERT INTO public.balance_readings (id, at_ms, balance_micro, expected_micro, in_flight_micro) VALUES (5, 1796041740772, 98672000, 1008000, 320000);
INSERT INTO public.balance_readings (id, at_ms, balance_micro, expected_micro, in_flight_micro) VALUES (6, 1796041743163, 98472000, 1128000, 400000);
INSERT INTO public.balance_readings (id, at_ms, balance_micro, expected_micro, in_flight_micro) VALUES (7, 1796041745225, 98272000, 1368000, 280000);
INSERT INTO public.balance_readings (id, at_ms, balance_micro, expected_micro, in_flight_micro) VALUES (8, 1796041747318, 98272000, 1368000, 280000);
INSERT INTO public.balance_readings (id, at_ms, balance_micro, expected_micro, in_flight_micro) VALUES (9, 1796041748143, 98192000, 1408000, 320000);

INSERT INTO public.belt (id, paused_until_ms, pause_reason, short_since_ms, stopped_at_ms, stopped_by, stop_reason) VALUES (1, NULL, NULL, NULL, NULL, NULL, NULL);

INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (1, 'grant', NULL, NULL, NULL, 1000000, 'member', 1576930797158400011, 1576930797158400005, '', 1796041732406, '1576930797158400003', 'for the trailer', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (2, 'grant', NULL, NULL, NULL, -1000000, 'member', 1576930797158400011, 1576930797158400005, '', 1796041732451, '1576930797158400003', 'for the trailer', 1, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (3, 'grant', NULL, NULL, NULL, 1000000, 'member', 1576930797158400011, 1576930797158400005, '', 1796041732479, '1576930797158400003', 'for the trailer', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (4, 'grant', NULL, NULL, NULL, 1000000, 'member', 1576930797158400011, 1576930797158400005, '', 1796041732525, '1576930797158400003', 'for the trailer', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (5, 'grant', NULL, NULL, NULL, 2000000, 'member', 1576930797158400011, 1576930797158400007, '', 1796041732556, '1576930797158400003', '', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (6, 'hold', '01m8p6vxrqycsbygssd7', 1, NULL, 40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041733911, 'service', '', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (7, 'charge', '01m8p6vxrqycsbygssd7', 1, 6, 40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041736028, 'service', '', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (8, 'hold', '01m8p6w01mqs5q5f81ad', 1, NULL, 40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041736244, 'service', '', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (9, 'charge', '01m8p6w01mqs5q5f81ad', 1, 8, 40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041736300, 'service', '', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (10, 'hold', '01m8p6w0ckr6r0adefq5', 1, NULL, 40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041736595, 'service', '', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (11, 'charge', '01m8p6w0ckr6r0adefq5', 1, 10, 40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041736731, 'service', '', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (12, 'hold', '01m8p6w0zs6bq0m80zcf', 1, NULL, 768000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041737209, 'service', '', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (13, 'charge', '01m8p6w0zs6bq0m80zcf', 1, 12, 768000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041737345, 'service', '', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (14, 'hold', '01m8p6w1921kqsx1pyew', 1, NULL, 40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041737506, 'service', '', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (15, 'release', '01m8p6w1921kqsx1pyew', 1, 14, 40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041737659, 'service', 'failed task', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (16, 'hold', '01m8p6w1ghakkwegchvy', 1, NULL, 40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041737745, 'service', '', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (17, 'release', '01m8p6w1ghakkwegchvy', 1, 16, 40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041737796, 'service', 'failed task', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (18, 'hold', '01m8p6w1mny3rgfctaf8', 1, NULL, 40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041737877, 'service', '', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (19, 'release', '01m8p6w1mny3rgfctaf8', 1, 18, 40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041737906, 'service', 'request refused', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (20, 'hold', '01m8p6w20dtc58yktjqt', 1, NULL, 40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041738253, 'service', '', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (21, 'charge', '01m8p6w20dtc58yktjqt', 1, 20, 40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041738327, 'service', '', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (22, 'hold', '01m8p6w29kmamyy8yw34', 1, NULL, 40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041738547, 'service', '', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (23, 'charge', '01m8p6w29kmamyy8yw34', 1, 22, 40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041738739, 'service', '', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (24, 'hold', '01m8p6w2y71e0b1wbcxx', 1, NULL, 40000, 'member', 1576930797158400019, 1576930797158400005, '2026-11', 1796041739207, 'service', '', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (25, 'charge', '01m8p6w2y71e0b1wbcxx', 1, 24, 40000, 'member', 1576930797158400019, 1576930797158400005, '2026-11', 1796041739309, 'service', '', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (26, 'hold', '01m8p6w3de410y7rnpc4', 1, NULL, 40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041739694, 'service', '', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (27, 'hold', '01m8p6w3fkw2xy5srhs0', 1, NULL, 40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041739763, 'service', '', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (28, 'hold', '01m8p6w3j81ekczjqft3', 1, NULL, 40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041739848, 'service', '', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (29, 'hold', '01m8p6w3n7hn203ndafc', 1, NULL, 40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041739943, 'service', '', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (30, 'hold', '01m8p6w3qzw0n9q3vpm1', 1, NULL, 40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041740031, 'service', '', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (31, 'hold', '01m8p6w3t7db0q88vkws', 1, NULL, 40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041740103, 'service', '', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (32, 'hold', '01m8p6w3zyskv83d9ydt', 1, NULL, 40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041740286, 'service', '', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (33, 'release', '01m8p6w3de410y7rnpc4', 1, 26, 40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041740343, 'service', 'no answer from APIXO', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (34, 'adjust', '01m8p6w3de410y7rnpc4', NULL, NULL, 40000, 'operator', 1576930797158400011, 1576930797158400005, '2026-11', 1796041740343, 'service', 'no answer from APIXO', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (35, 'release', '01m8p6w3j81ekczjqft3', 1, 28, 40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041740475, 'service', 'no answer from APIXO', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (36, 'release', '01m8p6w3fkw2xy5srhs0', 1, 27, 40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041740476, 'service', 'no answer from APIXO', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (37, 'adjust', '01m8p6w3j81ekczjqft3', NULL, NULL, 40000, 'operator', 1576930797158400011, 1576930797158400005, '2026-11', 1796041740475, 'service', 'no answer from APIXO', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (38, 'adjust', '01m8p6w3fkw2xy5srhs0', NULL, NULL, 40000, 'operator', 1576930797158400011, 1576930797158400005, '2026-11', 1796041740476, 'service', 'no answer from APIXO', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (39, 'release', '01m8p6w3n7hn203ndafc', 1, 29, 40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041740549, 'service', 'no answer from APIXO', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (40, 'hold', '01m8p6w4774x4j2var5c', 1, NULL, 40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041740519, 'service', '', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (41, 'adjust', '01m8p6w3n7hn203ndafc', NULL, NULL, 40000, 'operator', 1576930797158400011, 1576930797158400005, '2026-11', 1796041740549, 'service', 'no answer from APIXO', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (42, 'hold', '01m8p6w4aryms4y75hn9', 1, NULL, 40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041740632, 'service', '', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (43, 'hold', '01m8p6w4j09pvczbqhjn', 1, NULL, 40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041740864, 'service', '', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (44, 'hold', '01m8p6w4xtardrdgz40z', 1, NULL, 40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041741242, 'service', '', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (45, 'hold', '01m8p6w5bbxqaezzqt1z', 1, NULL, 40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041741675, 'service', '', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (46, 'charge', '01m8p6w4xtardrdgz40z', 1, 44, 40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041741973, 'service', '', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (47, 'hold', '01m8p6w5p8hzsns7f0z5', 1, NULL, 40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041742024, 'service', '', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (48, 'charge', '01m8p6w5bbxqaezzqt1z', 1, 45, 40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041742060, 'service', '', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (49, 'charge', '01m8p6w5p8hzsns7f0z5', 1, 47, 40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041742426, 'service', '', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (50, 'adjust', '01m8p6w4xtardrdgz40z', NULL, 44, -40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041742956, 'service', 'paid by the operator: the video could not be fetched', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (51, 'adjust', '01m8p6w5bbxqaezzqt1z', NULL, 45, -40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041743003, 'service', 'paid by the operator: the video could not be fetched', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (60, 'release', '01m8p6w3t7db0q88vkws', 1, 31, 40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041744467, 'service', 'decided by the operator', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (67, 'hold', '01m8p6wap4kzfd026xb8', 1, NULL, 40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041747140, 'service', '', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (52, 'adjust', '01m8p6w5p8hzsns7f0z5', NULL, 47, -40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041743032, 'service', 'paid by the operator: the video could not be fetched', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (54, 'hold', '01m8p6w75kt4sj5y8288', 1, NULL, 40000, 'member', 1576930797158400011, 1576930797158400007, '2026-11', 1796041743539, 'service', '', NULL, 40000);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (58, 'release', '01m8p6w3qzw0n9q3vpm1', 1, 30, 40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041744345, 'service', 'decided by the operator', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (59, 'adjust', '01m8p6w3qzw0n9q3vpm1', NULL, NULL, 40000, 'operator', 1576930797158400011, 1576930797158400005, '2026-11', 1796041744345, '1576930797158400001', 'decided by the operator', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (53, 'hold', '01m8p6w6xeanybnvzjx8', 1, NULL, 40000, 'member', 1576930797158400011, 1576930797158400007, '2026-11', 1796041743278, 'service', '', NULL, 20000);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (55, 'charge', '01m8p6w6xeanybnvzjx8', 1, 53, 40000, 'member', 1576930797158400011, 1576930797158400007, '2026-11', 1796041743680, 'service', '', NULL, 20000);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (56, 'charge', '01m8p6w75kt4sj5y8288', 1, 54, 40000, 'member', 1576930797158400011, 1576930797158400007, '2026-11', 1796041743680, 'service', '', NULL, 40000);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (57, 'adjust', '01m8p6w3de410y7rnpc4', NULL, NULL, -40000, 'operator', 1576930797158400011, 1576930797158400005, '2026-11', 1796041744015, '1576930797158400001', 'decided by the operator', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (64, 'charge', '01m8p6w8adwcxzyf9mv6', 1, 62, 40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041744844, 'service', '', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (69, 'hold', '01m8p6wawmyq461cdktw', 1, NULL, 40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041747348, 'service', '', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (61, 'hold', '01m8p6w895k2j7ans7c8', 1, NULL, 40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041744677, 'service', '', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (62, 'hold', '01m8p6w8adwcxzyf9mv6', 1, NULL, 40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041744717, 'service', '', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (68, 'release', '01m8p6wap4kzfd026xb8', 1, 67, 40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041747233, 'service', 'cancelled by the member', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (70, 'charge', '01m8p6wawmyq461cdktw', 1, 69, 40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041747441, 'service', '', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (63, 'charge', '01m8p6w895k2j7ans7c8', 1, 61, 40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041744772, 'service', '', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (65, 'hold', '01m8p6w8j4m6cy62tdb6', 1, NULL, 40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041744964, 'service', '', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (66, 'charge', '01m8p6w8j4m6cy62tdb6', 1, 65, 40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041745039, 'service', '', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (71, 'hold', '01m8p6wb1s7cmmr83sa5', 1, NULL, 40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041747513, 'service', '', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (72, 'hold', '01m8p6wbr7egmvap47km', 1, NULL, 40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041748231, 'service', '', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (73, 'hold', '01m8p6wdx6ec74rqjtm1', 1, NULL, 40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041750438, 'service', '', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (74, 'hold', '01m8p6we218c5kj8prcb', 1, NULL, 40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041750593, 'service', '', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (75, 'hold', '01m8p6we5e67a11g5hn2', 1, NULL, 40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041750702, 'service', '', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (76, 'charge', '01m8p6wbr7egmvap47km', 1, 72, 40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041750950, 'service', '', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (77, 'charge', '01m8p6wdx6ec74rqjtm1', 1, 73, 40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041751147, 'service', '', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (78, 'charge', '01m8p6we218c5kj8prcb', 1, 74, 40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041751279, 'service', '', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (79, 'charge', '01m8p6we5e67a11g5hn2', 1, 75, 40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041753085, 'service', '', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (80, 'hold', '01m8p6wghgkec5fbfbf7', 1, NULL, 40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041753136, 'service', '', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (81, 'hold', '01m8p6wgksykbwanx89a', 1, NULL, 40000, 'member', 1576930797158400011, 1576930797158400007, '2026-11', 1796041753209, 'service', '', NULL, 40000);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (82, 'hold', '01m8p6wgth898ddvkaj2', 1, NULL, 40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041753425, 'service', '', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (83, 'hold', '01m8p6wgx8nw0zakz8wr', 1, NULL, 40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041753512, 'service', '', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (84, 'hold', '01m8p6wh49hr4kyxkshd', 1, NULL, 40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041753737, 'service', '', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (85, 'hold', '01m8p6wha3qy2wkx9yzj', 1, NULL, 40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041753923, 'service', '', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (86, 'hold', '01m8p6whbnfhkv1vmnkj', 1, NULL, 40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041753973, 'service', '', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (87, 'hold', '01m8p6whdh1ppqjgpk25', 1, NULL, 40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041754033, 'service', '', NULL, 0);
INSERT INTO public.billing (id, kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id, price_version, created_at_ms, actor, note, grant_id, from_grant_micro) VALUES (88, 'hold', '01m8p6whwd6ysvbwjrsn', 1, NULL, 40000, 'member', 1576930797158400011, 1576930797158400005, '2026-11', 1796041754509, 'service', '', NULL, 0);

INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (6, 'everything:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (6, 'everything:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (6, 'member:1576930797158400011:1576930797158400005:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (6, 'member:1576930797158400011:1576930797158400005:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (6, 'server:1576930797158400011:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (6, 'server:1576930797158400011:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (8, 'everything:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (8, 'everything:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (8, 'member:1576930797158400011:1576930797158400005:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (8, 'member:1576930797158400011:1576930797158400005:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (8, 'server:1576930797158400011:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (8, 'server:1576930797158400011:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (10, 'everything:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (10, 'everything:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (10, 'member:1576930797158400011:1576930797158400005:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (10, 'member:1576930797158400011:1576930797158400005:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (10, 'server:1576930797158400011:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (10, 'server:1576930797158400011:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (12, 'everything:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (12, 'everything:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (12, 'member:1576930797158400011:1576930797158400005:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (12, 'member:1576930797158400011:1576930797158400005:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (12, 'server:1576930797158400011:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (12, 'server:1576930797158400011:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (14, 'everything:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (14, 'everything:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (14, 'member:1576930797158400011:1576930797158400005:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (14, 'member:1576930797158400011:1576930797158400005:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (14, 'server:1576930797158400011:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (14, 'server:1576930797158400011:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (16, 'everything:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (16, 'everything:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (16, 'member:1576930797158400011:1576930797158400005:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (16, 'member:1576930797158400011:1576930797158400005:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (16, 'server:1576930797158400011:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (16, 'server:1576930797158400011:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (18, 'everything:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (18, 'everything:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (18, 'member:1576930797158400011:1576930797158400005:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (18, 'member:1576930797158400011:1576930797158400005:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (18, 'server:1576930797158400011:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (18, 'server:1576930797158400011:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (20, 'everything:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (20, 'everything:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (20, 'member:1576930797158400011:1576930797158400005:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (20, 'member:1576930797158400011:1576930797158400005:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (20, 'server:1576930797158400011:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (20, 'server:1576930797158400011:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (22, 'everything:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (22, 'everything:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (22, 'member:1576930797158400011:1576930797158400005:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (22, 'member:1576930797158400011:1576930797158400005:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (22, 'server:1576930797158400011:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (22, 'server:1576930797158400011:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (24, 'everything:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (24, 'everything:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (24, 'member:1576930797158400019:1576930797158400005:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (24, 'member:1576930797158400019:1576930797158400005:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (24, 'server:1576930797158400019:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (24, 'server:1576930797158400019:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (26, 'everything:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (26, 'everything:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (26, 'member:1576930797158400011:1576930797158400005:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (26, 'member:1576930797158400011:1576930797158400005:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (26, 'server:1576930797158400011:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (26, 'server:1576930797158400011:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (27, 'everything:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (27, 'everything:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (27, 'member:1576930797158400011:1576930797158400005:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (27, 'member:1576930797158400011:1576930797158400005:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (27, 'server:1576930797158400011:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (27, 'server:1576930797158400011:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (28, 'everything:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (28, 'everything:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (28, 'member:1576930797158400011:1576930797158400005:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (28, 'member:1576930797158400011:1576930797158400005:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (28, 'server:1576930797158400011:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (28, 'server:1576930797158400011:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (29, 'everything:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (29, 'everything:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (29, 'member:1576930797158400011:1576930797158400005:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (29, 'member:1576930797158400011:1576930797158400005:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (29, 'server:1576930797158400011:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (29, 'server:1576930797158400011:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (30, 'everything:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (30, 'everything:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (30, 'member:1576930797158400011:1576930797158400005:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (30, 'member:1576930797158400011:1576930797158400005:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (30, 'server:1576930797158400011:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (30, 'server:1576930797158400011:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (31, 'everything:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (31, 'everything:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (31, 'member:1576930797158400011:1576930797158400005:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (31, 'member:1576930797158400011:1576930797158400005:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (31, 'server:1576930797158400011:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (31, 'server:1576930797158400011:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (32, 'everything:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (32, 'everything:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (32, 'member:1576930797158400011:1576930797158400005:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (32, 'member:1576930797158400011:1576930797158400005:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (32, 'server:1576930797158400011:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (32, 'server:1576930797158400011:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (43, 'everything:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (43, 'everything:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (43, 'member:1576930797158400011:1576930797158400005:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (43, 'member:1576930797158400011:1576930797158400005:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (43, 'server:1576930797158400011:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (43, 'server:1576930797158400011:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (54, 'everything:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (54, 'everything:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (54, 'member:1576930797158400011:1576930797158400007:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (54, 'member:1576930797158400011:1576930797158400007:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (54, 'server:1576930797158400011:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (54, 'server:1576930797158400011:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (54, 'purse:1576930797158400011:1576930797158400007');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (40, 'everything:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (40, 'everything:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (40, 'member:1576930797158400011:1576930797158400005:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (40, 'member:1576930797158400011:1576930797158400005:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (40, 'server:1576930797158400011:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (40, 'server:1576930797158400011:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (42, 'everything:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (42, 'everything:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (42, 'member:1576930797158400011:1576930797158400005:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (42, 'member:1576930797158400011:1576930797158400005:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (42, 'server:1576930797158400011:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (42, 'server:1576930797158400011:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (44, 'everything:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (44, 'everything:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (44, 'member:1576930797158400011:1576930797158400005:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (44, 'member:1576930797158400011:1576930797158400005:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (44, 'server:1576930797158400011:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (44, 'server:1576930797158400011:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (45, 'everything:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (45, 'everything:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (45, 'member:1576930797158400011:1576930797158400005:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (45, 'member:1576930797158400011:1576930797158400005:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (45, 'server:1576930797158400011:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (45, 'server:1576930797158400011:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (47, 'everything:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (47, 'everything:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (47, 'member:1576930797158400011:1576930797158400005:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (47, 'member:1576930797158400011:1576930797158400005:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (47, 'server:1576930797158400011:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (47, 'server:1576930797158400011:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (53, 'everything:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (53, 'everything:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (53, 'member:1576930797158400011:1576930797158400007:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (53, 'member:1576930797158400011:1576930797158400007:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (53, 'server:1576930797158400011:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (53, 'server:1576930797158400011:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (53, 'purse:1576930797158400011:1576930797158400007');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (61, 'everything:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (61, 'everything:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (61, 'member:1576930797158400011:1576930797158400005:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (61, 'member:1576930797158400011:1576930797158400005:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (61, 'server:1576930797158400011:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (61, 'server:1576930797158400011:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (62, 'everything:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (62, 'everything:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (62, 'member:1576930797158400011:1576930797158400005:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (62, 'member:1576930797158400011:1576930797158400005:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (62, 'server:1576930797158400011:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (62, 'server:1576930797158400011:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (65, 'everything:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (65, 'everything:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (65, 'member:1576930797158400011:1576930797158400005:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (65, 'member:1576930797158400011:1576930797158400005:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (65, 'server:1576930797158400011:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (65, 'server:1576930797158400011:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (67, 'everything:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (67, 'everything:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (67, 'member:1576930797158400011:1576930797158400005:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (67, 'member:1576930797158400011:1576930797158400005:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (67, 'server:1576930797158400011:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (67, 'server:1576930797158400011:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (69, 'everything:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (69, 'everything:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (69, 'member:1576930797158400011:1576930797158400005:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (69, 'member:1576930797158400011:1576930797158400005:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (69, 'server:1576930797158400011:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (69, 'server:1576930797158400011:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (71, 'everything:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (71, 'everything:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (71, 'member:1576930797158400011:1576930797158400005:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (71, 'member:1576930797158400011:1576930797158400005:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (71, 'server:1576930797158400011:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (71, 'server:1576930797158400011:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (72, 'everything:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (72, 'everything:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (72, 'member:1576930797158400011:1576930797158400005:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (72, 'member:1576930797158400011:1576930797158400005:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (72, 'server:1576930797158400011:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (72, 'server:1576930797158400011:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (73, 'everything:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (73, 'everything:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (73, 'member:1576930797158400011:1576930797158400005:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (73, 'member:1576930797158400011:1576930797158400005:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (73, 'server:1576930797158400011:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (73, 'server:1576930797158400011:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (74, 'everything:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (74, 'everything:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (74, 'member:1576930797158400011:1576930797158400005:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (74, 'member:1576930797158400011:1576930797158400005:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (74, 'server:1576930797158400011:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (74, 'server:1576930797158400011:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (75, 'everything:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (75, 'everything:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (75, 'member:1576930797158400011:1576930797158400005:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (75, 'member:1576930797158400011:1576930797158400005:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (75, 'server:1576930797158400011:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (75, 'server:1576930797158400011:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (80, 'everything:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (80, 'everything:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (80, 'member:1576930797158400011:1576930797158400005:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (80, 'member:1576930797158400011:1576930797158400005:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (80, 'server:1576930797158400011:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (80, 'server:1576930797158400011:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (81, 'everything:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (81, 'everything:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (81, 'member:1576930797158400011:1576930797158400007:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (81, 'member:1576930797158400011:1576930797158400007:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (81, 'server:1576930797158400011:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (81, 'server:1576930797158400011:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (81, 'purse:1576930797158400011:1576930797158400007');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (82, 'everything:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (82, 'everything:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (82, 'member:1576930797158400011:1576930797158400005:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (82, 'member:1576930797158400011:1576930797158400005:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (82, 'server:1576930797158400011:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (82, 'server:1576930797158400011:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (83, 'everything:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (83, 'everything:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (83, 'member:1576930797158400011:1576930797158400005:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (83, 'member:1576930797158400011:1576930797158400005:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (83, 'server:1576930797158400011:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (83, 'server:1576930797158400011:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (84, 'everything:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (84, 'everything:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (84, 'member:1576930797158400011:1576930797158400005:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (84, 'member:1576930797158400011:1576930797158400005:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (84, 'server:1576930797158400011:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (84, 'server:1576930797158400011:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (85, 'everything:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (85, 'everything:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (85, 'member:1576930797158400011:1576930797158400005:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (85, 'member:1576930797158400011:1576930797158400005:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (85, 'server:1576930797158400011:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (85, 'server:1576930797158400011:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (86, 'everything:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (86, 'everything:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (86, 'member:1576930797158400011:1576930797158400005:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (86, 'member:1576930797158400011:1576930797158400005:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (86, 'server:1576930797158400011:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (86, 'server:1576930797158400011:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (87, 'everything:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (87, 'everything:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (87, 'member:1576930797158400011:1576930797158400005:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (87, 'member:1576930797158400011:1576930797158400005:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (87, 'server:1576930797158400011:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (87, 'server:1576930797158400011:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (88, 'everything:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (88, 'everything:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (88, 'member:1576930797158400011:1576930797158400005:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (88, 'member:1576930797158400011:1576930797158400005:month:2026-11');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (88, 'server:1576930797158400011:day:2026-11-30');
INSERT INTO public.billing_buckets (hold_id, bucket_id) VALUES (88, 'server:1576930797158400011:month:2026-11');

INSERT INTO public.changes (id, at_ms, guild_id, actor, what, subject, before, after, note, interaction_id, entry_id) VALUES (1, 1796041732280, 1576930797158400011, '1576930797158400003', 'limit', 'members:0:day', NULL, '$40.00', '', 1576938062821195776, NULL);
INSERT INTO public.changes (id, at_ms, guild_id, actor, what, subject, before, after, note, interaction_id, entry_id) VALUES (2, 1796041732308, 1576930797158400011, '1576930797158400003', 'limit', 'member:1576930797158400005:month', NULL, 'none', '', 1576938062951219200, NULL);
INSERT INTO public.changes (id, at_ms, guild_id, actor, what, subject, before, after, note, interaction_id, entry_id) VALUES (3, 1796041732319, 1576930797158400011, '1576930797158400003', 'limit', 'member:1576930797158400007:day', NULL, '$25.00', '', 1576938063014133760, NULL);
INSERT INTO public.changes (id, at_ms, guild_id, actor, what, subject, before, after, note, interaction_id, entry_id) VALUES (4, 1796041732331, 1576930797158400011, '1576930797158400003', 'limit', 'role:1576930797158400013:day', NULL, '$30.00', '', 1576938063064465408, NULL);
INSERT INTO public.changes (id, at_ms, guild_id, actor, what, subject, before, after, note, interaction_id, entry_id) VALUES (5, 1796041732346, 1576930797158400011, '1576930797158400003', 'limit', 'member:1576930797158400007:month', NULL, '$9.00', '', 1576938063127379968, NULL);
INSERT INTO public.changes (id, at_ms, guild_id, actor, what, subject, before, after, note, interaction_id, entry_id) VALUES (6, 1796041732360, 1576930797158400011, '1576930797158400003', 'limit', 'member:1576930797158400007:month', '$9.00', NULL, '', 1576938063190294528, NULL);
INSERT INTO public.changes (id, at_ms, guild_id, actor, what, subject, before, after, note, interaction_id, entry_id) VALUES (7, 1796041732375, 0, '1576930797158400001', 'limit', 'everything:0:day', NULL, '$500.00', '', 1576938063228043264, NULL);
INSERT INTO public.changes (id, at_ms, guild_id, actor, what, subject, before, after, note, interaction_id, entry_id) VALUES (8, 1796041732390, 1576930797158400011, '1576930797158400001', 'limit', 'server:0:month', NULL, '$900.00', '', 1576938063303540736, NULL);
INSERT INTO public.changes (id, at_ms, guild_id, actor, what, subject, before, after, note, interaction_id, entry_id) VALUES (9, 1796041732406, 1576930797158400011, '1576930797158400003', 'grant', 'member:1576930797158400005', '$0.00', '$1.00', 'for the trailer', 1576938063383232512, 1);
INSERT INTO public.changes (id, at_ms, guild_id, actor, what, subject, before, after, note, interaction_id, entry_id) VALUES (10, 1796041732451, 1576930797158400011, '1576930797158400003', 'revoke', 'member:1576930797158400005', '$1.00', '$0.00', 'for the trailer', 1576938063567781888, 1);
INSERT INTO public.changes (id, at_ms, guild_id, actor, what, subject, before, after, note, interaction_id, entry_id) VALUES (11, 1796041732479, 1576930797158400011, '1576930797158400003', 'grant', 'member:1576930797158400005', '$0.00', '$1.00', 'for the trailer', 1576938063681028096, 3);
INSERT INTO public.changes (id, at_ms, guild_id, actor, what, subject, before, after, note, interaction_id, entry_id) VALUES (12, 1796041732525, 1576930797158400011, '1576930797158400003', 'grant', 'member:1576930797158400005', '$1.00', '$2.00', 'for the trailer', 1576938063785885696, 4);
INSERT INTO public.changes (id, at_ms, guild_id, actor, what, subject, before, after, note, interaction_id, entry_id) VALUES (13, 1796041732556, 1576930797158400011, '1576930797158400003', 'grant', 'member:1576930797158400007', '$0.00', '$2.00', '', 1576938064008183808, 5);
INSERT INTO public.changes (id, at_ms, guild_id, actor, what, subject, before, after, note, interaction_id, entry_id) VALUES (14, 1796041732565, 1576930797158400011, '1576930797158400003', 'limit', 'member:1576930797158400007:day', '$25.00', '$0.02', '', 1576938064054321152, NULL);
INSERT INTO public.changes (id, at_ms, guild_id, actor, what, subject, before, after, note, interaction_id, entry_id) VALUES (15, 1796041732630, 1576930797158400011, '1576930797158400003', 'setting', 'showcase_channel', NULL, '1576930797158400023', '', 1576938064322756608, NULL);
INSERT INTO public.changes (id, at_ms, guild_id, actor, what, subject, before, after, note, interaction_id, entry_id) VALUES (16, 1796041732693, 1576930797158400011, '1576930797158400003', 'setting', 'confirm_above', NULL, '$0.15', '', 1576938064591192064, NULL);
INSERT INTO public.changes (id, at_ms, guild_id, actor, what, subject, before, after, note, interaction_id, entry_id) VALUES (17, 1796041732771, 1576930797158400011, '1576930797158400003', 'setting', 'banned', NULL, 'casino, /sp[ae]m+/', '', 1576938064914153472, NULL);
INSERT INTO public.changes (id, at_ms, guild_id, actor, what, subject, before, after, note, interaction_id, entry_id) VALUES (18, 1796041732798, 1576930797158400011, '1576930797158400003', 'setting', 'sensitive', NULL, 'blood', '', 1576938065031593984, NULL);
INSERT INTO public.changes (id, at_ms, guild_id, actor, what, subject, before, after, note, interaction_id, entry_id) VALUES (19, 1796041732815, 1576930797158400011, '1576930797158400003', 'setting', 'spoilers', 'none', 'sensitive', '', 1576938065102897152, NULL);
INSERT INTO public.changes (id, at_ms, guild_id, actor, what, subject, before, after, note, interaction_id, entry_id) VALUES (20, 1796041732849, 1576930797158400011, '1576930797158400003', 'setting', 'private_allowed', 'no', 'yes', '', 1576938065245503488, NULL);
INSERT INTO public.changes (id, at_ms, guild_id, actor, what, subject, before, after, note, interaction_id, entry_id) VALUES (21, 1796041732885, 1576930797158400011, '1576930797158400003', 'setting', 'max_seconds', NULL, '12', '', 1576938065388109824, NULL);
INSERT INTO public.changes (id, at_ms, guild_id, actor, what, subject, before, after, note, interaction_id, entry_id) VALUES (22, 1796041732928, 1576930797158400011, '1576930797158400003', 'setting', 'default_seconds:1576930797158400016', NULL, '5', '', 1576938065572659200, NULL);
INSERT INTO public.changes (id, at_ms, guild_id, actor, what, subject, before, after, note, interaction_id, entry_id) VALUES (23, 1796041732974, 1576930797158400011, '1576930797158400003', 'preset', 'preset:noir', NULL, '{"name":"Noir","suffix":"in the style of noir","seconds":8}', '', 1576938065753014272, NULL);
INSERT INTO public.changes (id, at_ms, guild_id, actor, what, subject, before, after, note, interaction_id, entry_id) VALUES (24, 1796041733163, 1576930797158400011, '1576930797158400003', 'preset', 'preset:sunny', NULL, '{"name":"Sunny","suffix":"in the style of sunny","seconds":8}', '', 1576938066201804800, NULL);
INSERT INTO public.changes (id, at_ms, guild_id, actor, what, subject, before, after, note, interaction_id, entry_id) VALUES (25, 1796041733627, 1576930797158400011, '1576930797158400003', 'setting', 'default_seconds:1576938068168933376', NULL, '6', '', 1576938068487700480, NULL);
INSERT INTO public.changes (id, at_ms, guild_id, actor, what, subject, before, after, note, interaction_id, entry_id) VALUES (26, 1796041739625, 1576930797158400019, '1576930797158400001', 'limit', 'members:0:cooldown', NULL, '30 s', '', 1576938093657718784, NULL);
INSERT INTO public.changes (id, at_ms, guild_id, actor, what, subject, before, after, note, interaction_id, entry_id) VALUES (27, 1796041739656, 1576930797158400019, '1576930797158400001', 'limit', 'members:0:in_flight', NULL, '3 at once', '', 1576938093791936512, NULL);
INSERT INTO public.changes (id, at_ms, guild_id, actor, what, subject, before, after, note, interaction_id, entry_id) VALUES (28, 1796041744015, 0, '1576930797158400001', 'job release', 'job:01m8p6w3de410y7rnpc4', 'submit_unknown: held $0.00, member $0.00, operator $0.04', 'failed: held $0.00, member $0.00, operator $0.00', '', 1576938111877775360, NULL);
INSERT INTO public.changes (id, at_ms, guild_id, actor, what, subject, before, after, note, interaction_id, entry_id) VALUES (29, 1796041744345, 0, '1576930797158400001', 'job bear', 'job:01m8p6w3qzw0n9q3vpm1', 'stuck: held $0.04, member $0.00, operator $0.00', 'failed: held $0.00, member $0.00, operator $0.04', '', 1576938113450639360, NULL);
INSERT INTO public.changes (id, at_ms, guild_id, actor, what, subject, before, after, note, interaction_id, entry_id) VALUES (30, 1796041744467, 0, '1576930797158400001', 'job release', 'job:01m8p6w3t7db0q88vkws', 'stuck: held $0.04, member $0.00, operator $0.00', 'failed: held $0.00, member $0.00, operator $0.00', '', 1576938113966538752, NULL);
INSERT INTO public.changes (id, at_ms, guild_id, actor, what, subject, before, after, note, interaction_id, entry_id) VALUES (31, 1796041747119, 0, '1576930797158400001', 'stop', 'belt', NULL, 'a look at the bills', '', 1576938125089832960, NULL);
INSERT INTO public.changes (id, at_ms, guild_id, actor, what, subject, before, after, note, interaction_id, entry_id) VALUES (32, 1796041747311, 0, '1576930797158400001', 'go on', 'belt', 'a look at the bills', NULL, '', 1576938125882556416, NULL);

INSERT INTO public.daily_sums (guild_id, scope, day, subject_id, model, charged_micro, adjusted_micro, released_micro, charges, delivered, failed, cancelled, waited_ms) VALUES (1576930797158400011, 'user', 20787, 1576930797158400007, 'seedance-1-5-pro', 80000, 0, 0, 2, 0, 0, 0, 0);
INSERT INTO public.daily_sums (guild_id, scope, day, subject_id, model, charged_micro, adjusted_micro, released_micro, charges, delivered, failed, cancelled, waited_ms) VALUES (1576930797158400019, 'channel', 20787, 1576930797158400021, 'seedance-1-5-pro', 40000, 0, 0, 1, 1, 0, 0, 198);
INSERT INTO public.daily_sums (guild_id, scope, day, subject_id, model, charged_micro, adjusted_micro, released_micro, charges, delivered, failed, cancelled, waited_ms) VALUES (1576930797158400019, 'server', 20787, 0, 'seedance-1-5-pro', 40000, 0, 0, 1, 1, 0, 0, 198);
INSERT INTO public.daily_sums (guild_id, scope, day, subject_id, model, charged_micro, adjusted_micro, released_micro, charges, delivered, failed, cancelled, waited_ms) VALUES (1576930797158400019, 'user', 20787, 1576930797158400005, 'seedance-1-5-pro', 40000, 0, 0, 1, 1, 0, 0, 198);
INSERT INTO public.daily_sums (guild_id, scope, day, subject_id, model, charged_micro, adjusted_micro, released_micro, charges, delivered, failed, cancelled, waited_ms) VALUES (1576930797158400011, 'channel', 20787, 1576930797158400014, 'seedance-2-0', 768000, 0, 0, 1, 1, 0, 0, 290);
INSERT INTO public.daily_sums (guild_id, scope, day, subject_id, model, charged_micro, adjusted_micro, released_micro, charges, delivered, failed, cancelled, waited_ms) VALUES (1576930797158400011, 'server', 20787, 0, 'seedance-2-0', 768000, 0, 0, 1, 1, 0, 0, 290);
INSERT INTO public.daily_sums (guild_id, scope, day, subject_id, model, charged_micro, adjusted_micro, released_micro, charges, delivered, failed, cancelled, waited_ms) VALUES (1576930797158400011, 'user', 20787, 1576930797158400005, 'seedance-2-0', 768000, 0, 0, 1, 1, 0, 0, 290);
INSERT INTO public.daily_sums (guild_id, scope, day, subject_id, model, charged_micro, adjusted_micro, released_micro, charges, delivered, failed, cancelled, waited_ms) VALUES (1576930797158400011, 'channel', 20787, 1576930797158400015, 'seedance-1-5-pro', 200000, 0, 0, 5, 0, 0, 0, 0);
INSERT INTO public.daily_sums (guild_id, scope, day, subject_id, model, charged_micro, adjusted_micro, released_micro, charges, delivered, failed, cancelled, waited_ms) VALUES (1576930797158400011, 'channel', 20787, 1576930797158400018, 'seedance-1-5-pro', 80000, 0, 0, 2, 1, 0, 0, 580);
INSERT INTO public.daily_sums (guild_id, scope, day, subject_id, model, charged_micro, adjusted_micro, released_micro, charges, delivered, failed, cancelled, waited_ms) VALUES (1576930797158400011, 'channel', 20787, 1576930797158400014, 'seedance-1-5-pro', 440000, -120000, 400000, 11, 7, 6, 1, 3353);
INSERT INTO public.daily_sums (guild_id, scope, day, subject_id, model, charged_micro, adjusted_micro, released_micro, charges, delivered, failed, cancelled, waited_ms) VALUES (1576930797158400011, 'server', 20787, 0, 'seedance-1-5-pro', 720000, -120000, 400000, 18, 8, 6, 1, 3933);
INSERT INTO public.daily_sums (guild_id, scope, day, subject_id, model, charged_micro, adjusted_micro, released_micro, charges, delivered, failed, cancelled, waited_ms) VALUES (1576930797158400011, 'user', 20787, 1576930797158400005, 'seedance-1-5-pro', 640000, -120000, 400000, 16, 8, 6, 1, 3933);

INSERT INTO public.guilds (guild_id, settings, updated_at_ms) VALUES (1576930797158400011, '{"rules":{"models":null,"resolutions":null,"max_seconds":12,"default_model":null,"default_seconds":null,"default_resolution":null,"default_aspect_ratio":null,"default_sound":null},"overrides":[{"channel_id":1576930797158400016,"rules":{"models":null,"resolutions":null,"max_seconds":null,"default_model":null,"default_seconds":5,"default_resolution":null,"default_aspect_ratio":null,"default_sound":null}},{"channel_id":1576938068168933376,"rules":{"models":null,"resolutions":null,"max_seconds":null,"default_model":null,"default_seconds":6,"default_resolution":null,"default_aspect_ratio":null,"default_sound":null}}],"channels":[],"roles":[],"result_channel":null,"showcase_channel":1576930797158400023,"summary_channel":null,"confirm_above":150000,"banned":["casino","/sp[ae]m+/"],"sensitive":["blood"],"spoilers":"sensitive","age_gate":"none","private_allowed":true,"too_large":["link","copy"],"keep_inputs_days":40,"keep_results_days":7}', 1796041733627);

INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (1, '01m8p6vxrqycsbygssd7', NULL, 'queued', 1796041733911, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (2, '01m8p6vxrqycsbygssd7', 'queued', 'submitting', 1796041735976, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (3, '01m8p6vxrqycsbygssd7', 'submitting', 'generating', 1796041736003, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (4, '01m8p6vxrqycsbygssd7', 'generating', 'succeeded', 1796041736028, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (5, '01m8p6vxrqycsbygssd7', 'succeeded', 'stored', 1796041736071, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (6, '01m8p6vxrqycsbygssd7', 'stored', 'posting', 1796041736093, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (7, '01m8p6vxrqycsbygssd7', 'posting', 'delivered', 1796041736113, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (8, '01m8p6w01mqs5q5f81ad', NULL, 'queued', 1796041736244, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (9, '01m8p6w01mqs5q5f81ad', 'queued', 'submitting', 1796041736260, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (10, '01m8p6w01mqs5q5f81ad', 'submitting', 'generating', 1796041736275, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (11, '01m8p6w01mqs5q5f81ad', 'generating', 'succeeded', 1796041736300, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (12, '01m8p6w01mqs5q5f81ad', 'succeeded', 'stored', 1796041736332, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (13, '01m8p6w01mqs5q5f81ad', 'stored', 'posting', 1796041736342, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (14, '01m8p6w01mqs5q5f81ad', 'posting', 'delivered', 1796041736363, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (15, '01m8p6w0ckr6r0adefq5', NULL, 'queued', 1796041736595, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (16, '01m8p6w0ckr6r0adefq5', 'queued', 'submitting', 1796041736626, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (17, '01m8p6w0ckr6r0adefq5', 'submitting', 'generating', 1796041736692, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (18, '01m8p6w0ckr6r0adefq5', 'generating', 'succeeded', 1796041736731, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (19, '01m8p6w0ckr6r0adefq5', 'succeeded', 'stored', 1796041736782, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (20, '01m8p6w0ckr6r0adefq5', 'stored', 'posting', 1796041736803, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (21, '01m8p6w0ckr6r0adefq5', 'posting', 'delivered', 1796041736825, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (22, '01m8p6w0zs6bq0m80zcf', NULL, 'queued', 1796041737209, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (23, '01m8p6w0zs6bq0m80zcf', 'queued', 'submitting', 1796041737237, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (24, '01m8p6w0zs6bq0m80zcf', 'submitting', 'generating', 1796041737254, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (25, '01m8p6w0zs6bq0m80zcf', 'generating', 'succeeded', 1796041737345, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (26, '01m8p6w0zs6bq0m80zcf', 'succeeded', 'stored', 1796041737375, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (27, '01m8p6w0zs6bq0m80zcf', 'stored', 'posting', 1796041737478, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (28, '01m8p6w0zs6bq0m80zcf', 'posting', 'delivered', 1796041737499, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (29, '01m8p6w1921kqsx1pyew', NULL, 'queued', 1796041737506, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (30, '01m8p6w1921kqsx1pyew', 'queued', 'submitting', 1796041737549, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (31, '01m8p6w1921kqsx1pyew', 'submitting', 'generating', 1796041737573, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (32, '01m8p6w1921kqsx1pyew', 'generating', 'failed', 1796041737659, 'The upstream route timed out');
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (33, '01m8p6w1ghakkwegchvy', NULL, 'queued', 1796041737745, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (34, '01m8p6w1ghakkwegchvy', 'queued', 'submitting', 1796041737765, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (35, '01m8p6w1ghakkwegchvy', 'submitting', 'generating', 1796041737775, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (36, '01m8p6w1ghakkwegchvy', 'generating', 'failed', 1796041737796, 'Content violates upstream policy, please adjust the prompt');
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (37, '01m8p6w1mny3rgfctaf8', NULL, 'queued', 1796041737877, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (38, '01m8p6w1mny3rgfctaf8', 'queued', 'submitting', 1796041737895, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (39, '01m8p6w1mny3rgfctaf8', 'submitting', 'rejected', 1796041737906, 'The prompt was rejected by safety checks');
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (40, '01m8p6w20dtc58yktjqt', NULL, 'queued', 1796041738253, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (41, '01m8p6w20dtc58yktjqt', 'queued', 'submitting', 1796041738289, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (42, '01m8p6w20dtc58yktjqt', 'submitting', 'generating', 1796041738302, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (43, '01m8p6w20dtc58yktjqt', 'generating', 'succeeded', 1796041738327, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (44, '01m8p6w20dtc58yktjqt', 'succeeded', 'stored', 1796041738426, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (45, '01m8p6w20dtc58yktjqt', 'stored', 'posting', 1796041738443, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (46, '01m8p6w20dtc58yktjqt', 'posting', 'delivered', 1796041738455, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (47, '01m8p6w29kmamyy8yw34', NULL, 'queued', 1796041738547, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (48, '01m8p6w29kmamyy8yw34', 'queued', 'submitting', 1796041738598, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (49, '01m8p6w29kmamyy8yw34', 'submitting', 'generating', 1796041738710, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (50, '01m8p6w29kmamyy8yw34', 'generating', 'succeeded', 1796041738739, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (51, '01m8p6w29kmamyy8yw34', 'succeeded', 'stored', 1796041739014, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (52, '01m8p6w29kmamyy8yw34', 'stored', 'posting', 1796041739091, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (53, '01m8p6w29kmamyy8yw34', 'posting', 'delivered', 1796041739127, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (54, '01m8p6w2y71e0b1wbcxx', NULL, 'queued', 1796041739207, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (55, '01m8p6w2y71e0b1wbcxx', 'queued', 'submitting', 1796041739240, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (56, '01m8p6w2y71e0b1wbcxx', 'submitting', 'generating', 1796041739276, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (57, '01m8p6w2y71e0b1wbcxx', 'generating', 'succeeded', 1796041739309, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (58, '01m8p6w2y71e0b1wbcxx', 'succeeded', 'stored', 1796041739368, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (59, '01m8p6w2y71e0b1wbcxx', 'stored', 'posting', 1796041739393, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (60, '01m8p6w2y71e0b1wbcxx', 'posting', 'delivered', 1796041739405, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (61, '01m8p6w3de410y7rnpc4', NULL, 'queued', 1796041739694, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (62, '01m8p6w3de410y7rnpc4', 'queued', 'submitting', 1796041739709, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (63, '01m8p6w3de410y7rnpc4', 'submitting', 'submit_unknown', 1796041739735, 'Upstream timeout (HTTP 504)');
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (64, '01m8p6w3fkw2xy5srhs0', NULL, 'queued', 1796041739763, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (65, '01m8p6w3fkw2xy5srhs0', 'queued', 'submitting', 1796041739819, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (66, '01m8p6w3fkw2xy5srhs0', 'submitting', 'submit_unknown', 1796041739833, 'Upstream timeout (HTTP 504)');
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (67, '01m8p6w3j81ekczjqft3', NULL, 'queued', 1796041739848, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (68, '01m8p6w3j81ekczjqft3', 'queued', 'submitting', 1796041739864, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (69, '01m8p6w3j81ekczjqft3', 'submitting', 'submit_unknown', 1796041739888, 'Upstream timeout (HTTP 504)');
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (70, '01m8p6w3n7hn203ndafc', NULL, 'queued', 1796041739943, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (71, '01m8p6w3n7hn203ndafc', 'queued', 'submitting', 1796041739973, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (72, '01m8p6w3n7hn203ndafc', 'submitting', 'submit_unknown', 1796041740006, 'Upstream timeout (HTTP 504)');
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (73, '01m8p6w3qzw0n9q3vpm1', NULL, 'queued', 1796041740031, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (74, '01m8p6w3qzw0n9q3vpm1', 'queued', 'submitting', 1796041740050, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (75, '01m8p6w3qzw0n9q3vpm1', 'submitting', 'generating', 1796041740064, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (76, '01m8p6w3t7db0q88vkws', NULL, 'queued', 1796041740103, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (77, '01m8p6w3t7db0q88vkws', 'queued', 'submitting', 1796041740168, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (78, '01m8p6w3t7db0q88vkws', 'submitting', 'generating', 1796041740230, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (79, '01m8p6w3zyskv83d9ydt', NULL, 'queued', 1796041740286, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (80, '01m8p6w3zyskv83d9ydt', 'queued', 'submitting', 1796041740460, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (81, '01m8p6w3zyskv83d9ydt', 'submitting', 'generating', 1796041740475, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (82, '01m8p6w4774x4j2var5c', NULL, 'queued', 1796041740519, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (83, '01m8p6w4774x4j2var5c', 'queued', 'submitting', 1796041740595, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (84, '01m8p6w4774x4j2var5c', 'submitting', 'generating', 1796041740606, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (85, '01m8p6w4aryms4y75hn9', NULL, 'queued', 1796041740632, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (86, '01m8p6w4aryms4y75hn9', 'queued', 'submitting', 1796041740768, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (87, '01m8p6w4aryms4y75hn9', 'submitting', 'generating', 1796041740811, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (88, '01m8p6w4j09pvczbqhjn', NULL, 'queued', 1796041740864, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (89, '01m8p6w4j09pvczbqhjn', 'queued', 'submitting', 1796041741142, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (90, '01m8p6w4j09pvczbqhjn', 'submitting', 'generating', 1796041741173, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (91, '01m8p6w4xtardrdgz40z', NULL, 'queued', 1796041741242, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (92, '01m8p6w4xtardrdgz40z', 'queued', 'submitting', 1796041741364, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (93, '01m8p6w5bbxqaezzqt1z', NULL, 'queued', 1796041741675, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (94, '01m8p6w4xtardrdgz40z', 'submitting', 'generating', 1796041741579, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (108, '01m8p6w4xtardrdgz40z', 'succeeded', 'result_lost', 1796041742956, 'the result has expired: HTTP 404');
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (112, '01m8p6w6xeanybnvzjx8', NULL, 'queued', 1796041743278, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (118, '01m8p6w6xeanybnvzjx8', 'generating', 'succeeded', 1796041743680, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (120, '01m8p6w6xeanybnvzjx8', 'succeeded', 'stored', 1796041743767, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (136, '01m8p6w895k2j7ans7c8', 'succeeded', 'stored', 1796041744827, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (139, '01m8p6w895k2j7ans7c8', 'posting', 'delivered', 1796041744877, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (141, '01m8p6w8adwcxzyf9mv6', 'stored', 'posting', 1796041744926, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (145, '01m8p6w8j4m6cy62tdb6', 'submitting', 'generating', 1796041745020, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (148, '01m8p6w8j4m6cy62tdb6', 'stored', 'posting', 1796041745129, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (157, '01m8p6wawmyq461cdktw', 'stored', 'posting', 1796041747484, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (160, '01m8p6wb1s7cmmr83sa5', 'submitting', 'generating', 1796041747546, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (95, '01m8p6w5bbxqaezzqt1z', 'queued', 'submitting', 1796041741798, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (96, '01m8p6w4xtardrdgz40z', 'generating', 'succeeded', 1796041741973, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (97, '01m8p6w5bbxqaezzqt1z', 'submitting', 'generating', 1796041741923, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (101, '01m8p6w3qzw0n9q3vpm1', 'generating', 'stuck', 1796041742189, 'the task did not end');
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (104, '01m8p6w5p8hzsns7f0z5', 'generating', 'succeeded', 1796041742426, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (113, '01m8p6w6xeanybnvzjx8', 'queued', 'submitting', 1796041743508, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (116, '01m8p6w75kt4sj5y8288', 'queued', 'submitting', 1796041743581, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (117, '01m8p6w75kt4sj5y8288', 'submitting', 'generating', 1796041743598, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (121, '01m8p6w75kt4sj5y8288', 'succeeded', 'stored', 1796041743776, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (122, '01m8p6w75kt4sj5y8288', 'stored', 'posting', 1796041743809, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (132, '01m8p6w895k2j7ans7c8', 'submitting', 'generating', 1796041744727, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (133, '01m8p6w895k2j7ans7c8', 'generating', 'succeeded', 1796041744772, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (138, '01m8p6w895k2j7ans7c8', 'stored', 'posting', 1796041744862, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (140, '01m8p6w8adwcxzyf9mv6', 'succeeded', 'stored', 1796041744891, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (143, '01m8p6w8j4m6cy62tdb6', NULL, 'queued', 1796041744964, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (144, '01m8p6w8j4m6cy62tdb6', 'queued', 'submitting', 1796041745005, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (146, '01m8p6w8j4m6cy62tdb6', 'generating', 'succeeded', 1796041745039, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (154, '01m8p6wawmyq461cdktw', 'submitting', 'generating', 1796041747389, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (158, '01m8p6wb1s7cmmr83sa5', NULL, 'queued', 1796041747513, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (159, '01m8p6wb1s7cmmr83sa5', 'queued', 'submitting', 1796041747538, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (98, '01m8p6w5p8hzsns7f0z5', NULL, 'queued', 1796041742024, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (105, '01m8p6w3zyskv83d9ydt', 'generating', 'stuck', 1796041742579, 'the task did not end');
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (107, '01m8p6w4aryms4y75hn9', 'generating', 'stuck', 1796041742831, 'the task did not end');
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (129, '01m8p6w895k2j7ans7c8', NULL, 'queued', 1796041744677, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (134, '01m8p6w8adwcxzyf9mv6', 'queued', 'submitting', 1796041744801, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (151, '01m8p6wap4kzfd026xb8', 'queued', 'cancelled', 1796041747233, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (153, '01m8p6wawmyq461cdktw', 'queued', 'submitting', 1796041747380, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (156, '01m8p6wawmyq461cdktw', 'succeeded', 'stored', 1796041747472, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (99, '01m8p6w5bbxqaezzqt1z', 'generating', 'succeeded', 1796041742060, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (100, '01m8p6w5p8hzsns7f0z5', 'queued', 'submitting', 1796041742132, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (102, '01m8p6w5p8hzsns7f0z5', 'submitting', 'generating', 1796041742187, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (103, '01m8p6w3t7db0q88vkws', 'generating', 'stuck', 1796041742424, 'the task did not end');
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (106, '01m8p6w4774x4j2var5c', 'generating', 'stuck', 1796041742647, 'the task did not end');
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (109, '01m8p6w5bbxqaezzqt1z', 'succeeded', 'result_lost', 1796041743003, 'the result has expired: HTTP 404');
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (110, '01m8p6w5p8hzsns7f0z5', 'succeeded', 'result_lost', 1796041743032, 'the result has expired: HTTP 404');
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (111, '01m8p6w4j09pvczbqhjn', 'generating', 'stuck', 1796041743201, 'the task did not end');
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (114, '01m8p6w6xeanybnvzjx8', 'submitting', 'generating', 1796041743522, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (115, '01m8p6w75kt4sj5y8288', NULL, 'queued', 1796041743539, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (119, '01m8p6w75kt4sj5y8288', 'generating', 'succeeded', 1796041743680, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (123, '01m8p6w6xeanybnvzjx8', 'stored', 'posting', 1796041743811, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (124, '01m8p6w6xeanybnvzjx8', 'posting', 'undeliverable', 1796041743853, 'Cannot send messages to this user');
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (125, '01m8p6w75kt4sj5y8288', 'posting', 'undeliverable', 1796041743857, 'Cannot send messages to this user');
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (126, '01m8p6w3de410y7rnpc4', 'submit_unknown', 'failed', 1796041744015, 'decided by the operator');
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (127, '01m8p6w3qzw0n9q3vpm1', 'stuck', 'failed', 1796041744345, 'decided by the operator');
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (128, '01m8p6w3t7db0q88vkws', 'stuck', 'failed', 1796041744467, 'decided by the operator');
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (130, '01m8p6w895k2j7ans7c8', 'queued', 'submitting', 1796041744702, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (131, '01m8p6w8adwcxzyf9mv6', NULL, 'queued', 1796041744717, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (135, '01m8p6w8adwcxzyf9mv6', 'submitting', 'generating', 1796041744821, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (137, '01m8p6w8adwcxzyf9mv6', 'generating', 'succeeded', 1796041744844, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (142, '01m8p6w8adwcxzyf9mv6', 'posting', 'delivered', 1796041744939, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (147, '01m8p6w8j4m6cy62tdb6', 'succeeded', 'stored', 1796041745112, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (149, '01m8p6w8j4m6cy62tdb6', 'posting', 'delivered', 1796041745142, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (150, '01m8p6wap4kzfd026xb8', NULL, 'queued', 1796041747140, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (152, '01m8p6wawmyq461cdktw', NULL, 'queued', 1796041747348, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (155, '01m8p6wawmyq461cdktw', 'generating', 'succeeded', 1796041747441, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (161, '01m8p6wawmyq461cdktw', 'posting', 'quarantined', 1796041747628, '5 turns without progress in posting');
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (162, '01m8p6wb1s7cmmr83sa5', 'generating', 'quarantined', 1796041747652, '5 turns without progress in generating');
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (163, '01m8p6wbr7egmvap47km', NULL, 'queued', 1796041748231, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (164, '01m8p6wbr7egmvap47km', 'queued', 'submitting', 1796041750291, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (165, '01m8p6wbr7egmvap47km', 'submitting', 'generating', 1796041750317, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (166, '01m8p6wdx6ec74rqjtm1', NULL, 'queued', 1796041750438, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (167, '01m8p6wdx6ec74rqjtm1', 'queued', 'submitting', 1796041750439, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (168, '01m8p6wdx6ec74rqjtm1', 'submitting', 'generating', 1796041750533, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (169, '01m8p6we218c5kj8prcb', NULL, 'queued', 1796041750593, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (170, '01m8p6we218c5kj8prcb', 'queued', 'submitting', 1796041750630, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (171, '01m8p6we218c5kj8prcb', 'submitting', 'generating', 1796041750658, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (172, '01m8p6we5e67a11g5hn2', NULL, 'queued', 1796041750702, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (173, '01m8p6we5e67a11g5hn2', 'queued', 'submitting', 1796041750737, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (174, '01m8p6we5e67a11g5hn2', 'submitting', 'generating', 1796041750746, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (175, '01m8p6wbr7egmvap47km', 'generating', 'succeeded', 1796041750950, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (176, '01m8p6wbr7egmvap47km', 'succeeded', 'stored', 1796041750997, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (177, '01m8p6wbr7egmvap47km', 'stored', 'posting', 1796041751018, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (178, '01m8p6wdx6ec74rqjtm1', 'generating', 'succeeded', 1796041751147, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (179, '01m8p6wdx6ec74rqjtm1', 'succeeded', 'stored', 1796041751174, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (180, '01m8p6wdx6ec74rqjtm1', 'stored', 'posting', 1796041751193, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (181, '01m8p6we218c5kj8prcb', 'generating', 'succeeded', 1796041751279, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (182, '01m8p6we218c5kj8prcb', 'succeeded', 'stored', 1796041751313, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (183, '01m8p6we218c5kj8prcb', 'stored', 'posting', 1796041751335, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (184, '01m8p6we5e67a11g5hn2', 'generating', 'succeeded', 1796041753085, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (185, '01m8p6wghgkec5fbfbf7', NULL, 'queued', 1796041753136, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (186, '01m8p6wghgkec5fbfbf7', 'queued', 'submitting', 1796041753153, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (187, '01m8p6wghgkec5fbfbf7', 'submitting', 'generating', 1796041753160, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (188, '01m8p6wgksykbwanx89a', NULL, 'queued', 1796041753209, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (189, '01m8p6wgksykbwanx89a', 'queued', 'submitting', 1796041753237, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (190, '01m8p6wgksykbwanx89a', 'submitting', 'generating', 1796041753257, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (191, '01m8p6wgth898ddvkaj2', NULL, 'queued', 1796041753425, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (192, '01m8p6wgth898ddvkaj2', 'queued', 'submitting', 1796041753452, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (193, '01m8p6wgth898ddvkaj2', 'submitting', 'generating', 1796041753480, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (194, '01m8p6wgx8nw0zakz8wr', NULL, 'queued', 1796041753512, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (195, '01m8p6wgx8nw0zakz8wr', 'queued', 'submitting', 1796041753571, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (196, '01m8p6wgx8nw0zakz8wr', 'submitting', 'submit_unknown', 1796041753591, 'Upstream timeout (HTTP 504)');
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (197, '01m8p6wh49hr4kyxkshd', NULL, 'queued', 1796041753737, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (198, '01m8p6wh49hr4kyxkshd', 'queued', 'submitting', 1796041753772, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (199, '01m8p6wha3qy2wkx9yzj', NULL, 'queued', 1796041753923, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (200, '01m8p6whbnfhkv1vmnkj', NULL, 'queued', 1796041753973, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (201, '01m8p6whdh1ppqjgpk25', NULL, 'queued', 1796041754033, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (202, '01m8p6whwd6ysvbwjrsn', NULL, 'queued', 1796041754509, NULL);
INSERT INTO public.job_events (id, job_id, source, target, at_ms, detail) VALUES (203, '01m8p6wdx6ec74rqjtm1', 'posting', 'stored', 1796041766406, NULL);

INSERT INTO public.jobs (id, interaction_id, guild_id, channel_id, user_id, state, fence, request, model, mode, resolution, seconds, price_micro, price_version, attempt, submissions, task_id, result_url, file_name, file_size, file_sha256, status_message_id, status_since_ms, status_shown, result_message_id, posting_since_ms, reason, fail_code, failures, turns, due_at_ms, lease_owner, lease_until_ms, created_at_ms, submitted_at_ms, started_at_ms, ended_at_ms, private, shared_message_id, shared_channel_id, result_channel_id, told_at_ms, closed_at_ms) VALUES ('01m8p6we5e67a11g5hn2', 1576938140029943808, 1576930797158400011, 1576930797158400014, 1576930797158400005, 'succeeded', 4, '{"model":"seedance-1-5-pro","prompt":"a lake at dusk","resolution":"480p","seconds":4,"aspect_ratio":"16:9","sound":false,"fixed_lens":false,"web_search":false,"pictures":[],"mode":"text-to-video"}', 'seedance-1-5-pro', 'text-to-video', '480p', 4, 40000, '2026-11', 1, 1, '27b3e1b790374a5e8f824f1c5db1f971', 'http://127.0.0.1:9001/files/d78f9b5f67544974bbd1d5adfa3e208c.mp4', NULL, NULL, NULL, 1576938140399042560, 1796041750760, 'generating', NULL, NULL, NULL, NULL, 0, 1, 1796041753085, 'machine:1:bfd7274d', 1796041825761, 1796041750702, 1796041750737, 1796041750746, NULL, 0, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.jobs (id, interaction_id, guild_id, channel_id, user_id, state, fence, request, model, mode, resolution, seconds, price_micro, price_version, attempt, submissions, task_id, result_url, file_name, file_size, file_sha256, status_message_id, status_since_ms, status_shown, result_message_id, posting_since_ms, reason, fail_code, failures, turns, due_at_ms, lease_owner, lease_until_ms, created_at_ms, submitted_at_ms, started_at_ms, ended_at_ms, private, shared_message_id, shared_channel_id, result_channel_id, told_at_ms, closed_at_ms) VALUES ('01m8p6wdx6ec74rqjtm1', 1576938138519994368, 1576930797158400011, 1576930797158400015, 1576930797158400005, 'stored', 4, '{"model":"seedance-1-5-pro","prompt":"a lake at dusk","resolution":"480p","seconds":4,"aspect_ratio":"16:9","sound":false,"fixed_lens":false,"web_search":false,"pictures":[],"mode":"text-to-video"}', 'seedance-1-5-pro', 'text-to-video', '480p', 4, 40000, '2026-11', 1, 1, 'b0316992b0834502b6ee6f64a119cd2d', 'http://127.0.0.1:9001/files/a7091b5a09f64d30bb06c2d37a726ffa.mp4', '01m8p6wdx6ec74rqjtm1.mp4', 2214, 'a316d75952850f135e8b3b403fdc80550a0d1d8395ad1771194800abe1ebc214', 1576938139606319104, 1796041750569, 'generating', NULL, 1796041751193, NULL, NULL, 0, 0, 1796041766406, NULL, NULL, 1796041750438, 1796041750439, 1796041750533, NULL, 0, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.jobs (id, interaction_id, guild_id, channel_id, user_id, state, fence, request, model, mode, resolution, seconds, price_micro, price_version, attempt, submissions, task_id, result_url, file_name, file_size, file_sha256, status_message_id, status_since_ms, status_shown, result_message_id, posting_since_ms, reason, fail_code, failures, turns, due_at_ms, lease_owner, lease_until_ms, created_at_ms, submitted_at_ms, started_at_ms, ended_at_ms, private, shared_message_id, shared_channel_id, result_channel_id, told_at_ms, closed_at_ms) VALUES ('01m8p6w01mqs5q5f81ad', 1576938078948294657, 1576930797158400011, 1576930797158400014, 1576930797158400005, 'delivered', 4, '{"model":"seedance-1-5-pro","prompt":"a lake at dusk","resolution":"480p","seconds":4,"aspect_ratio":"16:9","sound":false,"fixed_lens":false,"web_search":false,"pictures":[{"url":"http://127.0.0.1:9002/cdn/ephemeral-attachments/1576930797158400014/1576938078948294656/lake.png?ex=6b0ebd88&is=6b0d6c08&hm=d9529f70ec72c3462b6bf26329fa43abf6b7ec58f06145540d6ffaa2e9ac74bf&","name":"lake.png","format":"PNG","width":640,"height":360,"size":1485,"kept":"8e968505a92254836daeab46ed7995b094ff91dddd258555081d88370df5f738.png"}],"mode":"image-to-video"}', 'seedance-1-5-pro', 'image-to-video', '480p', 4, 40000, '2026-11', 1, 1, '17ad2e1117884f1d8edf452f291c7f16', 'http://127.0.0.1:9001/files/1f28a7130bc84aea98188bad1316334a.mp4', '01m8p6w01mqs5q5f81ad.mp4', 2214, 'a316d75952850f135e8b3b403fdc80550a0d1d8395ad1771194800abe1ebc214', 1576938079791349760, 1796041736300, 'delivered', 1576938079950733313, 1796041736342, NULL, NULL, 0, 0, 1796041736363, NULL, NULL, 1796041736244, 1796041736260, 1796041736275, 1796041736363, 0, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.jobs (id, interaction_id, guild_id, channel_id, user_id, state, fence, request, model, mode, resolution, seconds, price_micro, price_version, attempt, submissions, task_id, result_url, file_name, file_size, file_sha256, status_message_id, status_since_ms, status_shown, result_message_id, posting_since_ms, reason, fail_code, failures, turns, due_at_ms, lease_owner, lease_until_ms, created_at_ms, submitted_at_ms, started_at_ms, ended_at_ms, private, shared_message_id, shared_channel_id, result_channel_id, told_at_ms, closed_at_ms) VALUES ('01m8p6w1ghakkwegchvy', 1576938085751455744, 1576930797158400011, 1576930797158400014, 1576930797158400005, 'failed', 2, '{"model":"seedance-1-5-pro","prompt":"blood on the snow","resolution":"480p","seconds":4,"aspect_ratio":"16:9","sound":false,"fixed_lens":false,"web_search":false,"pictures":[],"mode":"text-to-video"}', 'seedance-1-5-pro', 'text-to-video', '480p', 4, 40000, '2026-11', 1, 1, '4dbbdf8f8f6948fcb4d3ab1ea5d1d1d2', NULL, NULL, NULL, NULL, 1576938086107971584, 1796041737807, 'failed', NULL, NULL, 'Content violates upstream policy, please adjust the prompt', 'SensitiveContent', 0, 0, 1796041737796, NULL, NULL, 1796041737745, 1796041737765, 1796041737775, 1796041737796, 0, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.jobs (id, interaction_id, guild_id, channel_id, user_id, state, fence, request, model, mode, resolution, seconds, price_micro, price_version, attempt, submissions, task_id, result_url, file_name, file_size, file_sha256, status_message_id, status_since_ms, status_shown, result_message_id, posting_since_ms, reason, fail_code, failures, turns, due_at_ms, lease_owner, lease_until_ms, created_at_ms, submitted_at_ms, started_at_ms, ended_at_ms, private, shared_message_id, shared_channel_id, result_channel_id, told_at_ms, closed_at_ms) VALUES ('01m8p6w1mny3rgfctaf8', 1576938086300909568, 1576930797158400011, 1576930797158400014, 1576930797158400005, 'rejected', 1, '{"model":"seedance-1-5-pro","prompt":"a fight in the rain","resolution":"480p","seconds":4,"aspect_ratio":"16:9","sound":false,"fixed_lens":false,"web_search":false,"pictures":[],"mode":"text-to-video"}', 'seedance-1-5-pro', 'text-to-video', '480p', 4, 40000, '2026-11', 1, 1, NULL, NULL, NULL, NULL, NULL, 1576938086548373504, 1796041737923, 'rejected', NULL, NULL, 'The prompt was rejected by safety checks', 'HTTP 400', 0, 0, 1796041737906, NULL, NULL, 1796041737877, 1796041737895, NULL, 1796041737906, 0, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.jobs (id, interaction_id, guild_id, channel_id, user_id, state, fence, request, model, mode, resolution, seconds, price_micro, price_version, attempt, submissions, task_id, result_url, file_name, file_size, file_sha256, status_message_id, status_since_ms, status_shown, result_message_id, posting_since_ms, reason, fail_code, failures, turns, due_at_ms, lease_owner, lease_until_ms, created_at_ms, submitted_at_ms, started_at_ms, ended_at_ms, private, shared_message_id, shared_channel_id, result_channel_id, told_at_ms, closed_at_ms) VALUES ('01m8p6w29kmamyy8yw34', 1576938088825880576, 1576930797158400011, 1576930797158400018, 1576930797158400005, 'delivered', 4, '{"model":"seedance-1-5-pro","prompt":"a lake at dusk","resolution":"480p","seconds":4,"aspect_ratio":"16:9","sound":false,"fixed_lens":false,"web_search":false,"pictures":[],"mode":"text-to-video"}', 'seedance-1-5-pro', 'text-to-video', '480p', 4, 40000, '2026-11', 1, 1, '2013bd2060ae4054be28ed4cb106d5bc', 'http://127.0.0.1:9001/files/a05392fb1bbc434fa526b3647a3d6fb3.mp4', '01m8p6w29kmamyy8yw34.mp4', 2214, 'a316d75952850f135e8b3b403fdc80550a0d1d8395ad1771194800abe1ebc214', 1576938089421471744, 1796041738571, 'delivered', 1576938091573149697, 1796041739091, NULL, NULL, 0, 0, 1796041739127, NULL, NULL, 1796041738547, 1796041738598, 1796041738710, 1796041739127, 0, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.jobs (id, interaction_id, guild_id, channel_id, user_id, state, fence, request, model, mode, resolution, seconds, price_micro, price_version, attempt, submissions, task_id, result_url, file_name, file_size, file_sha256, status_message_id, status_since_ms, status_shown, result_message_id, posting_since_ms, reason, fail_code, failures, turns, due_at_ms, lease_owner, lease_until_ms, created_at_ms, submitted_at_ms, started_at_ms, ended_at_ms, private, shared_message_id, shared_channel_id, result_channel_id, told_at_ms, closed_at_ms) VALUES ('01m8p6w3fkw2xy5srhs0', 1576938094152646656, 1576930797158400011, 1576930797158400014, 1576930797158400005, 'submit_unknown', 2, '{"model":"seedance-1-5-pro","prompt":"a lake at dusk","resolution":"480p","seconds":4,"aspect_ratio":"16:9","sound":false,"fixed_lens":false,"web_search":false,"pictures":[],"mode":"text-to-video"}', 'seedance-1-5-pro', 'text-to-video', '480p', 4, 40000, '2026-11', 1, 1, NULL, NULL, NULL, NULL, NULL, 1576938094857289728, 1796041739891, 'submit_unknown', NULL, NULL, 'Upstream timeout (HTTP 504)', NULL, 0, 0, 4503599627370496, NULL, NULL, 1796041739763, 1796041739819, NULL, NULL, 0, NULL, NULL, NULL, 1796041740888, NULL);
INSERT INTO public.jobs (id, interaction_id, guild_id, channel_id, user_id, state, fence, request, model, mode, resolution, seconds, price_micro, price_version, attempt, submissions, task_id, result_url, file_name, file_size, file_sha256, status_message_id, status_since_ms, status_shown, result_message_id, posting_since_ms, reason, fail_code, failures, turns, due_at_ms, lease_owner, lease_until_ms, created_at_ms, submitted_at_ms, started_at_ms, ended_at_ms, private, shared_message_id, shared_channel_id, result_channel_id, told_at_ms, closed_at_ms) VALUES ('01m8p6w3j81ekczjqft3', 1576938094551105536, 1576930797158400011, 1576930797158400014, 1576930797158400005, 'submit_unknown', 2, '{"model":"seedance-1-5-pro","prompt":"a lake at dusk","resolution":"480p","seconds":4,"aspect_ratio":"16:9","sound":false,"fixed_lens":false,"web_search":false,"pictures":[],"mode":"text-to-video"}', 'seedance-1-5-pro', 'text-to-video', '480p', 4, 40000, '2026-11', 1, 1, NULL, NULL, NULL, NULL, NULL, 1576938095096365056, 1796041739948, 'submit_unknown', NULL, NULL, 'Upstream timeout (HTTP 504)', NULL, 0, 0, 4503599627370496, NULL, NULL, 1796041739848, 1796041739864, NULL, NULL, 0, NULL, NULL, NULL, 1796041740888, NULL);
INSERT INTO public.jobs (id, interaction_id, guild_id, channel_id, user_id, state, fence, request, model, mode, resolution, seconds, price_micro, price_version, attempt, submissions, task_id, result_url, file_name, file_size, file_sha256, status_message_id, status_since_ms, status_shown, result_message_id, posting_since_ms, reason, fail_code, failures, turns, due_at_ms, lease_owner, lease_until_ms, created_at_ms, submitted_at_ms, started_at_ms, ended_at_ms, private, shared_message_id, shared_channel_id, result_channel_id, told_at_ms, closed_at_ms) VALUES ('01m8p6w4xtardrdgz40z', 1576938100255358976, 1576930797158400011, 1576930797158400014, 1576930797158400005, 'result_lost', 12, '{"model":"seedance-1-5-pro","prompt":"a lake at dusk","resolution":"480p","seconds":4,"aspect_ratio":"16:9","sound":false,"fixed_lens":false,"web_search":false,"pictures":[],"mode":"text-to-video"}', 'seedance-1-5-pro', 'text-to-video', '480p', 4, 40000, '2026-11', 1, 1, 'dc8e9889a2e3460c907e3d7033c86c11', NULL, NULL, NULL, NULL, 1576938103791157248, 1796041741996, 'result_lost', NULL, NULL, 'the result has expired: HTTP 404', NULL, 0, 0, 1796041742956, NULL, NULL, 1796041741242, 1796041741364, 1796041741579, NULL, 0, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.jobs (id, interaction_id, guild_id, channel_id, user_id, state, fence, request, model, mode, resolution, seconds, price_micro, price_version, attempt, submissions, task_id, result_url, file_name, file_size, file_sha256, status_message_id, status_since_ms, status_shown, result_message_id, posting_since_ms, reason, fail_code, failures, turns, due_at_ms, lease_owner, lease_until_ms, created_at_ms, submitted_at_ms, started_at_ms, ended_at_ms, private, shared_message_id, shared_channel_id, result_channel_id, told_at_ms, closed_at_ms) VALUES ('01m8p6vxrqycsbygssd7', 1576938069615968256, 1576930797158400011, 1576930797158400014, 1576930797158400005, 'delivered', 4, '{"model":"seedance-1-5-pro","prompt":"a lake at dusk","resolution":"480p","seconds":4,"aspect_ratio":"16:9","sound":false,"fixed_lens":false,"web_search":false,"pictures":[],"mode":"text-to-video"}', 'seedance-1-5-pro', 'text-to-video', '480p', 4, 40000, '2026-11', 1, 1, 'b811b1db5cd54d2f8bb2e0e66f04bbf2', 'http://127.0.0.1:9001/files/3a74f5cf4a4242c08eac221a83cf9185.mp4', '01m8p6vxrqycsbygssd7.mp4', 2214, 'a316d75952850f135e8b3b403fdc80550a0d1d8395ad1771194800abe1ebc214', 1576938078688247808, 1796041736033, 'delivered', 1576938078927323137, 1796041736093, NULL, NULL, 0, 0, 1796041736113, NULL, NULL, 1796041733911, 1796041735976, 1796041736003, 1796041736113, 0, 1576938114595684353, 1576930797158400023, NULL, NULL, NULL);
INSERT INTO public.jobs (id, interaction_id, guild_id, channel_id, user_id, state, fence, request, model, mode, resolution, seconds, price_micro, price_version, attempt, submissions, task_id, result_url, file_name, file_size, file_sha256, status_message_id, status_since_ms, status_shown, result_message_id, posting_since_ms, reason, fail_code, failures, turns, due_at_ms, lease_owner, lease_until_ms, created_at_ms, submitted_at_ms, started_at_ms, ended_at_ms, private, shared_message_id, shared_channel_id, result_channel_id, told_at_ms, closed_at_ms) VALUES ('01m8p6w0zs6bq0m80zcf', 1576938081922056193, 1576930797158400011, 1576930797158400014, 1576930797158400005, 'delivered', 6, '{"model":"seedance-2-0","prompt":"the boat of the picture sails","resolution":"720p","seconds":4,"aspect_ratio":"auto","sound":true,"fixed_lens":false,"web_search":false,"pictures":[{"url":"http://127.0.0.1:9002/cdn/ephemeral-attachments/1576930797158400014/1576938081922056192/lake.png?ex=6b0ebd88&is=6b0d6c08&hm=40ee5632b5df987bb443781aac2ce7490b33a35f4afe6e4a89ad39c2c42c4314&","name":"lake.png","format":"PNG","width":640,"height":360,"size":1485,"kept":"8e968505a92254836daeab46ed7995b094ff91dddd258555081d88370df5f738.png"}],"mode":"omni_reference","videos":[],"audios":[]}', 'seedance-2-0', 'omni_reference', '720p', 4, 768000, '2026-11', 1, 1, '470de7235e19427893d5ff924e3d19d0', 'http://127.0.0.1:9001/files/956327c14fdf411783c2f567934dd67b.mp4', '01m8p6w0zs6bq0m80zcf.mp4', 2214, 'a316d75952850f135e8b3b403fdc80550a0d1d8395ad1771194800abe1ebc214', 1576938083817881600, 1796041737268, 'delivered', 1576938084736434177, 1796041737478, NULL, NULL, 0, 0, 1796041737499, NULL, NULL, 1796041737209, 1796041737237, 1796041737254, 1796041737499, 0, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.jobs (id, interaction_id, guild_id, channel_id, user_id, state, fence, request, model, mode, resolution, seconds, price_micro, price_version, attempt, submissions, task_id, result_url, file_name, file_size, file_sha256, status_message_id, status_since_ms, status_shown, result_message_id, posting_since_ms, reason, fail_code, failures, turns, due_at_ms, lease_owner, lease_until_ms, created_at_ms, submitted_at_ms, started_at_ms, ended_at_ms, private, shared_message_id, shared_channel_id, result_channel_id, told_at_ms, closed_at_ms) VALUES ('01m8p6w5p8hzsns7f0z5', 1576938103413669888, 1576930797158400011, 1576930797158400014, 1576930797158400005, 'result_lost', 12, '{"model":"seedance-1-5-pro","prompt":"a lake at dusk","resolution":"480p","seconds":4,"aspect_ratio":"16:9","sound":false,"fixed_lens":false,"web_search":false,"pictures":[],"mode":"text-to-video"}', 'seedance-1-5-pro', 'text-to-video', '480p', 4, 40000, '2026-11', 1, 1, 'a9809762a7904debb5cdbf168fe14aa9', NULL, NULL, NULL, NULL, 1576938104244142080, 1796041742081, 'result_lost', NULL, NULL, 'the result has expired: HTTP 404', NULL, 0, 0, 1796041743032, NULL, NULL, 1796041742024, 1796041742132, 1796041742187, NULL, 0, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.jobs (id, interaction_id, guild_id, channel_id, user_id, state, fence, request, model, mode, resolution, seconds, price_micro, price_version, attempt, submissions, task_id, result_url, file_name, file_size, file_sha256, status_message_id, status_since_ms, status_shown, result_message_id, posting_since_ms, reason, fail_code, failures, turns, due_at_ms, lease_owner, lease_until_ms, created_at_ms, submitted_at_ms, started_at_ms, ended_at_ms, private, shared_message_id, shared_channel_id, result_channel_id, told_at_ms, closed_at_ms) VALUES ('01m8p6w3t7db0q88vkws', 1576938095519989760, 1576930797158400011, 1576930797158400014, 1576930797158400005, 'failed', 15, '{"model":"seedance-1-5-pro","prompt":"a lake at dusk","resolution":"480p","seconds":4,"aspect_ratio":"16:9","sound":false,"fixed_lens":false,"web_search":false,"pictures":[],"mode":"text-to-video"}', 'seedance-1-5-pro', 'text-to-video', '480p', 4, 40000, '2026-11', 1, 1, '69701c86e3f64fb3819d129710689580', NULL, NULL, NULL, NULL, 1576938097164156928, 1796041740359, 'failed', NULL, NULL, 'decided by the operator', 'ended by the operator', 0, 0, 1796041744467, NULL, NULL, 1796041740103, 1796041740168, 1796041740230, 1796041744467, 0, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.jobs (id, interaction_id, guild_id, channel_id, user_id, state, fence, request, model, mode, resolution, seconds, price_micro, price_version, attempt, submissions, task_id, result_url, file_name, file_size, file_sha256, status_message_id, status_since_ms, status_shown, result_message_id, posting_since_ms, reason, fail_code, failures, turns, due_at_ms, lease_owner, lease_until_ms, created_at_ms, submitted_at_ms, started_at_ms, ended_at_ms, private, shared_message_id, shared_channel_id, result_channel_id, told_at_ms, closed_at_ms) VALUES ('01m8p6w895k2j7ans7c8', -696273552272596857, 1576930797158400011, 1576930797158400014, 1576930797158400005, 'delivered', 4, '{"model":"seedance-1-5-pro","prompt":"a lake at dusk","resolution":"480p","seconds":4,"aspect_ratio":"16:9","sound":false,"fixed_lens":false,"web_search":false,"pictures":[],"mode":"text-to-video"}', 'seedance-1-5-pro', 'text-to-video', '480p', 4, 40000, '2026-11', 1, 1, 'ab4c370e98c84c048385bc3fbf938e46', 'http://127.0.0.1:9001/files/fe7d2c344eaf4df2a3da2fef47bbc24b.mp4', '01m8p6w895k2j7ans7c8.mp4', 2214, 'a316d75952850f135e8b3b403fdc80550a0d1d8395ad1771194800abe1ebc214', 1576938115375824896, 1796041744779, 'delivered', 1576938115694592001, 1796041744862, NULL, NULL, 0, 0, 1796041744877, NULL, NULL, 1796041744677, 1796041744702, 1796041744727, 1796041744877, 0, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.jobs (id, interaction_id, guild_id, channel_id, user_id, state, fence, request, model, mode, resolution, seconds, price_micro, price_version, attempt, submissions, task_id, result_url, file_name, file_size, file_sha256, status_message_id, status_since_ms, status_shown, result_message_id, posting_since_ms, reason, fail_code, failures, turns, due_at_ms, lease_owner, lease_until_ms, created_at_ms, submitted_at_ms, started_at_ms, ended_at_ms, private, shared_message_id, shared_channel_id, result_channel_id, told_at_ms, closed_at_ms) VALUES ('01m8p6w0ckr6r0adefq5', 1576938079971704833, 1576930797158400011, 1576930797158400014, 1576930797158400005, 'delivered', 5, '{"model":"seedance-1-5-pro","prompt":"a lake at dusk","resolution":"480p","seconds":4,"aspect_ratio":"16:9","sound":false,"fixed_lens":false,"web_search":false,"pictures":[{"url":"http://127.0.0.1:9002/cdn/ephemeral-attachments/1576930797158400014/1576938079967510528/lake.png?ex=6b0ebd88&is=6b0d6c08&hm=4e2bfc5e5c8ce0f08902538238c7e420205cdcad6daad5757979e3b0b98ddfb0&","name":"lake.png","format":"PNG","width":640,"height":360,"size":1485,"kept":"8e968505a92254836daeab46ed7995b094ff91dddd258555081d88370df5f738.png"},{"url":"http://127.0.0.1:9002/cdn/ephemeral-attachments/1576930797158400014/1576938079971704832/night.png?ex=6b0ebd88&is=6b0d6c08&hm=b263b5956cf57c0aaaee24dc270f64dc506dc2d605f021a61213ed556d7def9b&","name":"night.png","format":"PNG","width":480,"height":480,"size":1771,"kept":"81de1174efbadc31aa77678e046f2f609e2440b049ea7df1be051ebe18634249.png"}],"mode":"image-to-video"}', 'seedance-1-5-pro', 'image-to-video', '480p', 4, 40000, '2026-11', 1, 1, '16e3815af1424e49983d85998865b956', 'http://127.0.0.1:9001/files/2388e3f3b3b94ceebf867609d41a3b03.mp4', '01m8p6w0ckr6r0adefq5.mp4', 2214, 'a316d75952850f135e8b3b403fdc80550a0d1d8395ad1771194800abe1ebc214', 1576938081460682752, 1796041736708, 'delivered', 1576938081892696065, 1796041736803, NULL, NULL, 0, 0, 1796041736825, NULL, NULL, 1796041736595, 1796041736626, 1796041736692, 1796041736825, 0, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.jobs (id, interaction_id, guild_id, channel_id, user_id, state, fence, request, model, mode, resolution, seconds, price_micro, price_version, attempt, submissions, task_id, result_url, file_name, file_size, file_sha256, status_message_id, status_since_ms, status_shown, result_message_id, posting_since_ms, reason, fail_code, failures, turns, due_at_ms, lease_owner, lease_until_ms, created_at_ms, submitted_at_ms, started_at_ms, ended_at_ms, private, shared_message_id, shared_channel_id, result_channel_id, told_at_ms, closed_at_ms) VALUES ('01m8p6w1921kqsx1pyew', 1576938084740628480, 1576930797158400011, 1576930797158400014, 1576930797158400005, 'failed', 2, '{"model":"seedance-1-5-pro","prompt":"a lake at dusk","resolution":"480p","seconds":4,"aspect_ratio":"16:9","sound":false,"fixed_lens":false,"web_search":false,"pictures":[],"mode":"text-to-video"}', 'seedance-1-5-pro', 'text-to-video', '480p', 4, 40000, '2026-11', 1, 1, '9c4443bea7184a45ac1f8e3ece0845ab', NULL, NULL, NULL, NULL, 1576938084996481024, 1796041737531, 'failed', NULL, NULL, 'The upstream route timed out', 'Timeout', 0, 0, 1796041737659, NULL, NULL, 1796041737506, 1796041737549, 1796041737573, 1796041737659, 0, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.jobs (id, interaction_id, guild_id, channel_id, user_id, state, fence, request, model, mode, resolution, seconds, price_micro, price_version, attempt, submissions, task_id, result_url, file_name, file_size, file_sha256, status_message_id, status_since_ms, status_shown, result_message_id, posting_since_ms, reason, fail_code, failures, turns, due_at_ms, lease_owner, lease_until_ms, created_at_ms, submitted_at_ms, started_at_ms, ended_at_ms, private, shared_message_id, shared_channel_id, result_channel_id, told_at_ms, closed_at_ms) VALUES ('01m8p6w20dtc58yktjqt', 1576938086753894400, 1576930797158400011, 1576930797158400014, 1576930797158400005, 'delivered', 4, '{"model":"seedance-1-5-pro","prompt":"a lake at dusk","resolution":"480p","seconds":4,"aspect_ratio":"16:9","sound":false,"fixed_lens":false,"web_search":false,"pictures":[],"mode":"text-to-video"}', 'seedance-1-5-pro', 'text-to-video', '480p', 4, 40000, '2026-11', 1, 1, 'c20a153a067f46e995dd8ad98d786dc6', 'http://127.0.0.1:9001/files/8cf84dd791f24aaba6fab9979d510b91.mp4', '01m8p6w20dtc58yktjqt.mp4', 2214, 'a316d75952850f135e8b3b403fdc80550a0d1d8395ad1771194800abe1ebc214', 1576938088322564096, 1796041738328, 'delivered', 1576938088758771713, 1796041738443, NULL, NULL, 0, 0, 1796041738455, NULL, NULL, 1796041738253, 1796041738289, 1796041738302, 1796041738455, 1, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.jobs (id, interaction_id, guild_id, channel_id, user_id, state, fence, request, model, mode, resolution, seconds, price_micro, price_version, attempt, submissions, task_id, result_url, file_name, file_size, file_sha256, status_message_id, status_since_ms, status_shown, result_message_id, posting_since_ms, reason, fail_code, failures, turns, due_at_ms, lease_owner, lease_until_ms, created_at_ms, submitted_at_ms, started_at_ms, ended_at_ms, private, shared_message_id, shared_channel_id, result_channel_id, told_at_ms, closed_at_ms) VALUES ('01m8p6w2y71e0b1wbcxx', 1576938091795447808, 1576930797158400019, 1576930797158400021, 1576930797158400005, 'delivered', 4, '{"model":"seedance-1-5-pro","prompt":"a lake at dusk","resolution":"480p","seconds":4,"aspect_ratio":"16:9","sound":false,"fixed_lens":false,"web_search":false,"pictures":[],"mode":"text-to-video"}', 'seedance-1-5-pro', 'text-to-video', '480p', 4, 40000, '2026-11', 1, 1, '6134d9c1db06494eaebc7c8283c4b3b9', 'http://127.0.0.1:9001/files/9cd7906ce4384eca96602103d79ab7c3.mp4', '01m8p6w2y71e0b1wbcxx.mp4', 2214, 'a316d75952850f135e8b3b403fdc80550a0d1d8395ad1771194800abe1ebc214', 1576938092558811136, 1796041739307, 'delivered', 1576938092739166209, 1796041739393, NULL, NULL, 0, 0, 1796041739405, NULL, NULL, 1796041739207, 1796041739240, 1796041739276, 1796041739405, 0, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.jobs (id, interaction_id, guild_id, channel_id, user_id, state, fence, request, model, mode, resolution, seconds, price_micro, price_version, attempt, submissions, task_id, result_url, file_name, file_size, file_sha256, status_message_id, status_since_ms, status_shown, result_message_id, posting_since_ms, reason, fail_code, failures, turns, due_at_ms, lease_owner, lease_until_ms, created_at_ms, submitted_at_ms, started_at_ms, ended_at_ms, private, shared_message_id, shared_channel_id, result_channel_id, told_at_ms, closed_at_ms) VALUES ('01m8p6w3n7hn203ndafc', 1576938094798569472, 1576930797158400011, 1576930797158400014, 1576930797158400005, 'submit_unknown', 2, '{"model":"seedance-1-5-pro","prompt":"a lake at dusk","resolution":"480p","seconds":4,"aspect_ratio":"16:9","sound":false,"fixed_lens":false,"web_search":false,"pictures":[],"mode":"text-to-video"}', 'seedance-1-5-pro', 'text-to-video', '480p', 4, 40000, '2026-11', 1, 1, NULL, NULL, NULL, NULL, NULL, 1576938095423520768, 1796041740034, 'submit_unknown', NULL, NULL, 'Upstream timeout (HTTP 504)', NULL, 0, 0, 4503599627370496, NULL, NULL, 1796041739943, 1796041739973, NULL, NULL, 0, NULL, NULL, NULL, 1796041740888, NULL);
INSERT INTO public.jobs (id, interaction_id, guild_id, channel_id, user_id, state, fence, request, model, mode, resolution, seconds, price_micro, price_version, attempt, submissions, task_id, result_url, file_name, file_size, file_sha256, status_message_id, status_since_ms, status_shown, result_message_id, posting_since_ms, reason, fail_code, failures, turns, due_at_ms, lease_owner, lease_until_ms, created_at_ms, submitted_at_ms, started_at_ms, ended_at_ms, private, shared_message_id, shared_channel_id, result_channel_id, told_at_ms, closed_at_ms) VALUES ('01m8p6w3zyskv83d9ydt', 1576938096258187264, 1576930797158400011, 1576930797158400014, 1576930797158400005, 'stuck', 14, '{"model":"seedance-1-5-pro","prompt":"a lake at dusk","resolution":"480p","seconds":4,"aspect_ratio":"16:9","sound":false,"fixed_lens":false,"web_search":false,"pictures":[],"mode":"text-to-video"}', 'seedance-1-5-pro', 'text-to-video', '480p', 4, 40000, '2026-11', 1, 1, '0fbe8f2ab58640749e0edf20a04c9862', NULL, NULL, NULL, NULL, 1576938097688444928, 1796041740564, 'stuck', NULL, NULL, 'the task did not end', NULL, 0, 0, 1796041742579, NULL, NULL, 1796041740286, 1796041740460, 1796041740475, NULL, 0, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.jobs (id, interaction_id, guild_id, channel_id, user_id, state, fence, request, model, mode, resolution, seconds, price_micro, price_version, attempt, submissions, task_id, result_url, file_name, file_size, file_sha256, status_message_id, status_since_ms, status_shown, result_message_id, posting_since_ms, reason, fail_code, failures, turns, due_at_ms, lease_owner, lease_until_ms, created_at_ms, submitted_at_ms, started_at_ms, ended_at_ms, private, shared_message_id, shared_channel_id, result_channel_id, told_at_ms, closed_at_ms) VALUES ('01m8p6w4aryms4y75hn9', 1576938097826856960, 1576930797158400011, 1576930797158400014, 1576930797158400005, 'stuck', 13, '{"model":"seedance-1-5-pro","prompt":"a lake at dusk","resolution":"480p","seconds":4,"aspect_ratio":"16:9","sound":false,"fixed_lens":false,"web_search":false,"pictures":[],"mode":"text-to-video"}', 'seedance-1-5-pro', 'text-to-video', '480p', 4, 40000, '2026-11', 1, 1, 'bf5113a09eba44fb9b65aef2120e3d1d', NULL, NULL, NULL, NULL, 1576938098464391168, 1796041740664, 'stuck', NULL, NULL, 'the task did not end', NULL, 0, 0, 1796041742831, NULL, NULL, 1796041740632, 1796041740768, 1796041740811, NULL, 0, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.jobs (id, interaction_id, guild_id, channel_id, user_id, state, fence, request, model, mode, resolution, seconds, price_micro, price_version, attempt, submissions, task_id, result_url, file_name, file_size, file_sha256, status_message_id, status_since_ms, status_shown, result_message_id, posting_since_ms, reason, fail_code, failures, turns, due_at_ms, lease_owner, lease_until_ms, created_at_ms, submitted_at_ms, started_at_ms, ended_at_ms, private, shared_message_id, shared_channel_id, result_channel_id, told_at_ms, closed_at_ms) VALUES ('01m8p6w3de410y7rnpc4', 1576938093880016896, 1576930797158400011, 1576930797158400014, 1576930797158400005, 'failed', 2, '{"model":"seedance-1-5-pro","prompt":"a lake at dusk","resolution":"480p","seconds":4,"aspect_ratio":"16:9","sound":false,"fixed_lens":false,"web_search":false,"pictures":[],"mode":"text-to-video"}', 'seedance-1-5-pro', 'text-to-video', '480p', 4, 40000, '2026-11', 1, 1, NULL, NULL, NULL, NULL, NULL, 1576938094450442240, 1796041739802, 'failed', NULL, NULL, 'decided by the operator', 'ended by the operator', 0, 0, 1796041744015, NULL, NULL, 1796041739694, 1796041739709, NULL, 1796041744015, 0, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.jobs (id, interaction_id, guild_id, channel_id, user_id, state, fence, request, model, mode, resolution, seconds, price_micro, price_version, attempt, submissions, task_id, result_url, file_name, file_size, file_sha256, status_message_id, status_since_ms, status_shown, result_message_id, posting_since_ms, reason, fail_code, failures, turns, due_at_ms, lease_owner, lease_until_ms, created_at_ms, submitted_at_ms, started_at_ms, ended_at_ms, private, shared_message_id, shared_channel_id, result_channel_id, told_at_ms, closed_at_ms) VALUES ('01m8p6w8j4m6cy62tdb6', 1576938116004970496, 1576930797158400011, 1576930797158400014, 1576930797158400005, 'delivered', 4, '{"model":"seedance-1-5-pro","prompt":"a lake at dusk","resolution":"480p","seconds":4,"aspect_ratio":"16:9","sound":false,"fixed_lens":false,"web_search":false,"pictures":[],"mode":"text-to-video"}', 'seedance-1-5-pro', 'text-to-video', '480p', 4, 40000, '2026-11', 1, 1, '7a2bd8c3eac94df3bd3fdcf447471e6f', NULL, NULL, NULL, NULL, 1576938116445372416, 1796041745040, 'delivered', 1576938116806082560, 1796041745129, NULL, NULL, 0, 0, 1796041745142, NULL, NULL, 1796041744964, 1796041745005, 1796041745020, 1796041745142, 0, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.jobs (id, interaction_id, guild_id, channel_id, user_id, state, fence, request, model, mode, resolution, seconds, price_micro, price_version, attempt, submissions, task_id, result_url, file_name, file_size, file_sha256, status_message_id, status_since_ms, status_shown, result_message_id, posting_since_ms, reason, fail_code, failures, turns, due_at_ms, lease_owner, lease_until_ms, created_at_ms, submitted_at_ms, started_at_ms, ended_at_ms, private, shared_message_id, shared_channel_id, result_channel_id, told_at_ms, closed_at_ms) VALUES ('01m8p6w4774x4j2var5c', 1576938097260625920, 1576930797158400011, 1576930797158400014, 1576930797158400005, 'stuck', 13, '{"model":"seedance-1-5-pro","prompt":"a lake at dusk","resolution":"480p","seconds":4,"aspect_ratio":"16:9","sound":false,"fixed_lens":false,"web_search":false,"pictures":[],"mode":"text-to-video"}', 'seedance-1-5-pro', 'text-to-video', '480p', 4, 40000, '2026-11', 1, 1, '030b1debb2af4ce990709df920576551', NULL, NULL, NULL, NULL, 1576938098363727872, 1796041740664, 'stuck', NULL, NULL, 'the task did not end', NULL, 0, 0, 1796041742647, NULL, NULL, 1796041740519, 1796041740595, 1796041740606, NULL, 0, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.jobs (id, interaction_id, guild_id, channel_id, user_id, state, fence, request, model, mode, resolution, seconds, price_micro, price_version, attempt, submissions, task_id, result_url, file_name, file_size, file_sha256, status_message_id, status_since_ms, status_shown, result_message_id, posting_since_ms, reason, fail_code, failures, turns, due_at_ms, lease_owner, lease_until_ms, created_at_ms, submitted_at_ms, started_at_ms, ended_at_ms, private, shared_message_id, shared_channel_id, result_channel_id, told_at_ms, closed_at_ms) VALUES ('01m8p6w4j09pvczbqhjn', 1576938098720243712, 1576930797158400011, 1576930797158400014, 1576930797158400005, 'stuck', 16, '{"model":"seedance-1-5-pro","prompt":"a lake at dusk","resolution":"480p","seconds":4,"aspect_ratio":"16:9","sound":false,"fixed_lens":false,"web_search":false,"pictures":[],"mode":"text-to-video"}', 'seedance-1-5-pro', 'text-to-video', '480p', 4, 40000, '2026-11', 1, 1, 'f52305b4ad6f4c7b953df89c3a3b0251', NULL, NULL, NULL, NULL, 1576938100515405824, 1796041741127, 'stuck', NULL, NULL, 'the task did not end', NULL, 0, 0, 1796041743201, NULL, NULL, 1796041740864, 1796041741142, 1796041741173, NULL, 0, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.jobs (id, interaction_id, guild_id, channel_id, user_id, state, fence, request, model, mode, resolution, seconds, price_micro, price_version, attempt, submissions, task_id, result_url, file_name, file_size, file_sha256, status_message_id, status_since_ms, status_shown, result_message_id, posting_since_ms, reason, fail_code, failures, turns, due_at_ms, lease_owner, lease_until_ms, created_at_ms, submitted_at_ms, started_at_ms, ended_at_ms, private, shared_message_id, shared_channel_id, result_channel_id, told_at_ms, closed_at_ms) VALUES ('01m8p6w75kt4sj5y8288', 1576938110036475904, 1576930797158400011, 1576930797158400015, 1576930797158400007, 'undeliverable', 6, '{"model":"seedance-1-5-pro","prompt":"a lake at dusk","resolution":"480p","seconds":4,"aspect_ratio":"16:9","sound":false,"fixed_lens":false,"web_search":false,"pictures":[],"mode":"text-to-video"}', 'seedance-1-5-pro', 'text-to-video', '480p', 4, 40000, '2026-11', 1, 1, '93c3648db1c541c983e043861f6d8601', 'http://127.0.0.1:9001/files/68be2e7ec77240c38cf9e23892291970.mp4', '01m8p6w75kt4sj5y8288.mp4', 2214, 'a316d75952850f135e8b3b403fdc80550a0d1d8395ad1771194800abe1ebc214', 1576938110485266432, 1796041743629, 'undeliverable', NULL, 1796041743809, 'Cannot send messages to this user', NULL, 0, 0, 1796041743857, NULL, NULL, 1796041743539, 1796041743581, 1796041743598, NULL, 0, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.jobs (id, interaction_id, guild_id, channel_id, user_id, state, fence, request, model, mode, resolution, seconds, price_micro, price_version, attempt, submissions, task_id, result_url, file_name, file_size, file_sha256, status_message_id, status_since_ms, status_shown, result_message_id, posting_since_ms, reason, fail_code, failures, turns, due_at_ms, lease_owner, lease_until_ms, created_at_ms, submitted_at_ms, started_at_ms, ended_at_ms, private, shared_message_id, shared_channel_id, result_channel_id, told_at_ms, closed_at_ms) VALUES ('01m8p6wbr7egmvap47km', 1576938129535795200, 1576930797158400011, 1576930797158400015, 1576930797158400005, 'posting', 4, '{"model":"seedance-1-5-pro","prompt":"a lake at dusk","resolution":"480p","seconds":4,"aspect_ratio":"16:9","sound":false,"fixed_lens":false,"web_search":false,"pictures":[],"mode":"text-to-video"}', 'seedance-1-5-pro', 'text-to-video', '480p', 4, 40000, '2026-11', 1, 1, '119279bbd42143b2886fc01a22f8876a', 'http://127.0.0.1:9001/files/f183748b8abf4d22845f1a0e4819ce6c.mp4', '01m8p6wbr7egmvap47km.mp4', 2214, 'a316d75952850f135e8b3b403fdc80550a0d1d8395ad1771194800abe1ebc214', 1576938139484684288, 1796041750537, 'generating', NULL, 1796041751018, NULL, NULL, 0, 0, 1796041751018, 'machine:1:bfd7274d', 1796041825761, 1796041748231, 1796041750291, 1796041750317, NULL, 0, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.jobs (id, interaction_id, guild_id, channel_id, user_id, state, fence, request, model, mode, resolution, seconds, price_micro, price_version, attempt, submissions, task_id, result_url, file_name, file_size, file_sha256, status_message_id, status_since_ms, status_shown, result_message_id, posting_since_ms, reason, fail_code, failures, turns, due_at_ms, lease_owner, lease_until_ms, created_at_ms, submitted_at_ms, started_at_ms, ended_at_ms, private, shared_message_id, shared_channel_id, result_channel_id, told_at_ms, closed_at_ms) VALUES ('01m8p6w5bbxqaezzqt1z', 1576938101882748928, 1576930797158400011, 1576930797158400014, 1576930797158400005, 'result_lost', 12, '{"model":"seedance-1-5-pro","prompt":"a lake at dusk","resolution":"480p","seconds":4,"aspect_ratio":"16:9","sound":false,"fixed_lens":false,"web_search":false,"pictures":[],"mode":"text-to-video"}', 'seedance-1-5-pro', 'text-to-video', '480p', 4, 40000, '2026-11', 1, 1, '7c3951375191436d9202ffa7cf36aba9', NULL, NULL, NULL, NULL, 1576938104172838912, 1796041742081, 'result_lost', NULL, NULL, 'the result has expired: HTTP 404', NULL, 0, 0, 1796041743003, NULL, NULL, 1796041741675, 1796041741798, 1796041741923, NULL, 0, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.jobs (id, interaction_id, guild_id, channel_id, user_id, state, fence, request, model, mode, resolution, seconds, price_micro, price_version, attempt, submissions, task_id, result_url, file_name, file_size, file_sha256, status_message_id, status_since_ms, status_shown, result_message_id, posting_since_ms, reason, fail_code, failures, turns, due_at_ms, lease_owner, lease_until_ms, created_at_ms, submitted_at_ms, started_at_ms, ended_at_ms, private, shared_message_id, shared_channel_id, result_channel_id, told_at_ms, closed_at_ms) VALUES ('01m8p6w6xeanybnvzjx8', 1576938108950151168, 1576930797158400011, 1576930797158400015, 1576930797158400007, 'undeliverable', 8, '{"model":"seedance-1-5-pro","prompt":"a lake at dusk","resolution":"480p","seconds":4,"aspect_ratio":"16:9","sound":false,"fixed_lens":false,"web_search":false,"pictures":[],"mode":"text-to-video"}', 'seedance-1-5-pro', 'text-to-video', '480p', 4, 40000, '2026-11', 1, 1, 'fee35e6ba6e9420da8a00af38c692e9a', 'http://127.0.0.1:9001/files/ce3242573adc4fac81207d5a66dbf49a.mp4', '01m8p6w6xeanybnvzjx8.mp4', 2214, 'a316d75952850f135e8b3b403fdc80550a0d1d8395ad1771194800abe1ebc214', 1576938110241996800, 1796041743562, 'undeliverable', NULL, 1796041743811, 'Cannot send messages to this user', NULL, 0, 0, 1796041743853, NULL, NULL, 1796041743278, 1796041743508, 1796041743522, NULL, 0, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.jobs (id, interaction_id, guild_id, channel_id, user_id, state, fence, request, model, mode, resolution, seconds, price_micro, price_version, attempt, submissions, task_id, result_url, file_name, file_size, file_sha256, status_message_id, status_since_ms, status_shown, result_message_id, posting_since_ms, reason, fail_code, failures, turns, due_at_ms, lease_owner, lease_until_ms, created_at_ms, submitted_at_ms, started_at_ms, ended_at_ms, private, shared_message_id, shared_channel_id, result_channel_id, told_at_ms, closed_at_ms) VALUES ('01m8p6w3qzw0n9q3vpm1', 1576938095310274560, 1576930797158400011, 1576930797158400014, 1576930797158400005, 'failed', 16, '{"model":"seedance-1-5-pro","prompt":"a lake at dusk","resolution":"480p","seconds":4,"aspect_ratio":"16:9","sound":false,"fixed_lens":false,"web_search":false,"pictures":[],"mode":"text-to-video"}', 'seedance-1-5-pro', 'text-to-video', '480p', 4, 40000, '2026-11', 1, 1, 'b13cfd2f4d5248829bfff5fb0ee5a921', NULL, NULL, NULL, NULL, 1576938095889088512, 1796041740135, 'failed', NULL, NULL, 'decided by the operator', 'ended by the operator', 0, 0, 1796041744345, NULL, NULL, 1796041740031, 1796041740050, 1796041740064, 1796041744345, 0, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.jobs (id, interaction_id, guild_id, channel_id, user_id, state, fence, request, model, mode, resolution, seconds, price_micro, price_version, attempt, submissions, task_id, result_url, file_name, file_size, file_sha256, status_message_id, status_since_ms, status_shown, result_message_id, posting_since_ms, reason, fail_code, failures, turns, due_at_ms, lease_owner, lease_until_ms, created_at_ms, submitted_at_ms, started_at_ms, ended_at_ms, private, shared_message_id, shared_channel_id, result_channel_id, told_at_ms, closed_at_ms) VALUES ('01m8p6w8adwcxzyf9mv6', 1576938114948005888, 1576930797158400011, 1576930797158400014, 1576930797158400005, 'delivered', 4, '{"model":"seedance-1-5-pro","prompt":"a lake at dusk","resolution":"480p","seconds":4,"aspect_ratio":"16:9","sound":false,"fixed_lens":false,"web_search":false,"pictures":[],"mode":"text-to-video"}', 'seedance-1-5-pro', 'text-to-video', '480p', 4, 40000, '2026-11', 1, 1, 'eb766c6171ca45c18ef845a32fd56be6', 'http://127.0.0.1:9001/files/1d00ccf85d764932a96e15f45e24f1c2.mp4', '01m8p6w8adwcxzyf9mv6.mp4', 2214, 'a316d75952850f135e8b3b403fdc80550a0d1d8395ad1771194800abe1ebc214', 1576938115413573632, 1796041744779, 'delivered', 1576938115942055937, 1796041744926, NULL, NULL, 0, 0, 1796041744939, NULL, NULL, 1796041744717, 1796041744801, 1796041744821, 1796041744939, 0, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.jobs (id, interaction_id, guild_id, channel_id, user_id, state, fence, request, model, mode, resolution, seconds, price_micro, price_version, attempt, submissions, task_id, result_url, file_name, file_size, file_sha256, status_message_id, status_since_ms, status_shown, result_message_id, posting_since_ms, reason, fail_code, failures, turns, due_at_ms, lease_owner, lease_until_ms, created_at_ms, submitted_at_ms, started_at_ms, ended_at_ms, private, shared_message_id, shared_channel_id, result_channel_id, told_at_ms, closed_at_ms) VALUES ('01m8p6wap4kzfd026xb8', 1576938125144358912, 1576930797158400011, 1576930797158400014, 1576930797158400005, 'cancelled', 0, '{"model":"seedance-1-5-pro","prompt":"a lake at dusk","resolution":"480p","seconds":4,"aspect_ratio":"16:9","sound":false,"fixed_lens":false,"web_search":false,"pictures":[],"mode":"text-to-video"}', 'seedance-1-5-pro', 'text-to-video', '480p', 4, 40000, '2026-11', 1, 0, NULL, NULL, NULL, NULL, NULL, 1576938125379239936, 1796041747167, 'cancelled', NULL, NULL, NULL, NULL, 0, 0, 1796041747233, NULL, NULL, 1796041747140, NULL, NULL, 1796041747233, 0, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.jobs (id, interaction_id, guild_id, channel_id, user_id, state, fence, request, model, mode, resolution, seconds, price_micro, price_version, attempt, submissions, task_id, result_url, file_name, file_size, file_sha256, status_message_id, status_since_ms, status_shown, result_message_id, posting_since_ms, reason, fail_code, failures, turns, due_at_ms, lease_owner, lease_until_ms, created_at_ms, submitted_at_ms, started_at_ms, ended_at_ms, private, shared_message_id, shared_channel_id, result_channel_id, told_at_ms, closed_at_ms) VALUES ('01m8p6wawmyq461cdktw', 1576938125995802624, 1576930797158400011, 1576930797158400015, 1576930797158400005, 'quarantined', 5, '{"model":"seedance-1-5-pro","prompt":"a lake at dusk","resolution":"480p","seconds":4,"aspect_ratio":"16:9","sound":false,"fixed_lens":false,"web_search":false,"pictures":[],"mode":"text-to-video"}', 'seedance-1-5-pro', 'text-to-video', '480p', 4, 40000, '2026-11', 1, 1, '0867873ab7ef46ce89984ce902e3e12a', 'http://127.0.0.1:9001/files/9d85f50ce3b3453da6624a82760c5960.mp4', '01m8p6wawmyq461cdktw.mp4', 2214, 'a316d75952850f135e8b3b403fdc80550a0d1d8395ad1771194800abe1ebc214', 1576938126352318464, 1796041747409, 'quarantined', NULL, 1796041747484, '5 turns without progress in posting', NULL, 0, 0, 1796041747628, NULL, NULL, 1796041747348, 1796041747380, 1796041747389, NULL, 0, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.jobs (id, interaction_id, guild_id, channel_id, user_id, state, fence, request, model, mode, resolution, seconds, price_micro, price_version, attempt, submissions, task_id, result_url, file_name, file_size, file_sha256, status_message_id, status_since_ms, status_shown, result_message_id, posting_since_ms, reason, fail_code, failures, turns, due_at_ms, lease_owner, lease_until_ms, created_at_ms, submitted_at_ms, started_at_ms, ended_at_ms, private, shared_message_id, shared_channel_id, result_channel_id, told_at_ms, closed_at_ms) VALUES ('01m8p6wb1s7cmmr83sa5', 1576938126713028608, 1576930797158400011, 1576930797158400014, 1576930797158400005, 'quarantined', 1, '{"model":"seedance-1-5-pro","prompt":"a lake at dusk","resolution":"480p","seconds":4,"aspect_ratio":"16:9","sound":false,"fixed_lens":false,"web_search":false,"pictures":[],"mode":"text-to-video"}', 'seedance-1-5-pro', 'text-to-video', '480p', 4, 40000, '2026-11', 1, 1, 'ddbe3d4d540a44d4b421c8a6e87e2b65', NULL, NULL, NULL, NULL, 1576938139090419712, 1796041750324, 'quarantined', NULL, NULL, '5 turns without progress in generating', NULL, 0, 0, 1796041747652, NULL, NULL, 1796041747513, 1796041747538, 1796041747546, NULL, 0, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.jobs (id, interaction_id, guild_id, channel_id, user_id, state, fence, request, model, mode, resolution, seconds, price_micro, price_version, attempt, submissions, task_id, result_url, file_name, file_size, file_sha256, status_message_id, status_since_ms, status_shown, result_message_id, posting_since_ms, reason, fail_code, failures, turns, due_at_ms, lease_owner, lease_until_ms, created_at_ms, submitted_at_ms, started_at_ms, ended_at_ms, private, shared_message_id, shared_channel_id, result_channel_id, told_at_ms, closed_at_ms) VALUES ('01m8p6we218c5kj8prcb', 1576938139480489984, 1576930797158400011, 1576930797158400018, 1576930797158400005, 'posting', 4, '{"model":"seedance-1-5-pro","prompt":"a lake at dusk","resolution":"480p","seconds":4,"aspect_ratio":"16:9","sound":false,"fixed_lens":false,"web_search":false,"pictures":[],"mode":"text-to-video"}', 'seedance-1-5-pro', 'text-to-video', '480p', 4, 40000, '2026-11', 1, 1, '350a9462403f42528d68a272c7f45071', 'http://127.0.0.1:9001/files/80441de228184a30b3e8ebcf3c083435.mp4', '01m8p6we218c5kj8prcb.mp4', 2214, 'a316d75952850f135e8b3b403fdc80550a0d1d8395ad1771194800abe1ebc214', 1576938140143190016, 1796041750691, 'generating', NULL, 1796041751335, NULL, NULL, 0, 0, 1796041751335, 'machine:1:bfd7274d', 1796041825761, 1796041750593, 1796041750630, 1796041750658, NULL, 0, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.jobs (id, interaction_id, guild_id, channel_id, user_id, state, fence, request, model, mode, resolution, seconds, price_micro, price_version, attempt, submissions, task_id, result_url, file_name, file_size, file_sha256, status_message_id, status_since_ms, status_shown, result_message_id, posting_since_ms, reason, fail_code, failures, turns, due_at_ms, lease_owner, lease_until_ms, created_at_ms, submitted_at_ms, started_at_ms, ended_at_ms, private, shared_message_id, shared_channel_id, result_channel_id, told_at_ms, closed_at_ms) VALUES ('01m8p6wh49hr4kyxkshd', 1576938152789016576, 1576930797158400011, 1576930797158400014, 1576930797158400005, 'submitting', 1, '{"model":"seedance-1-5-pro","prompt":"a lake at dusk","resolution":"480p","seconds":4,"aspect_ratio":"16:9","sound":false,"fixed_lens":false,"web_search":false,"pictures":[],"mode":"text-to-video"}', 'seedance-1-5-pro', 'text-to-video', '480p', 4, 40000, '2026-11', 1, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, 1796041753737, 'machine:1:bfd7274d', 1796041825761, 1796041753737, 1796041753772, NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.jobs (id, interaction_id, guild_id, channel_id, user_id, state, fence, request, model, mode, resolution, seconds, price_micro, price_version, attempt, submissions, task_id, result_url, file_name, file_size, file_sha256, status_message_id, status_since_ms, status_shown, result_message_id, posting_since_ms, reason, fail_code, failures, turns, due_at_ms, lease_owner, lease_until_ms, created_at_ms, submitted_at_ms, started_at_ms, ended_at_ms, private, shared_message_id, shared_channel_id, result_channel_id, told_at_ms, closed_at_ms) VALUES ('01m8p6wgx8nw0zakz8wr', 1576938151841103872, 1576930797158400011, 1576930797158400014, 1576930797158400005, 'submit_unknown', 1, '{"model":"seedance-1-5-pro","prompt":"a lake at dusk","resolution":"480p","seconds":4,"aspect_ratio":"16:9","sound":false,"fixed_lens":false,"web_search":false,"pictures":[],"mode":"text-to-video"}', 'seedance-1-5-pro', 'text-to-video', '480p', 4, 40000, '2026-11', 1, 1, NULL, NULL, NULL, NULL, NULL, 1576938152373780480, 1796041753611, 'submit_unknown', NULL, NULL, 'Upstream timeout (HTTP 504)', NULL, 0, 0, 1796041843591, NULL, NULL, 1796041753512, 1796041753571, NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.jobs (id, interaction_id, guild_id, channel_id, user_id, state, fence, request, model, mode, resolution, seconds, price_micro, price_version, attempt, submissions, task_id, result_url, file_name, file_size, file_sha256, status_message_id, status_since_ms, status_shown, result_message_id, posting_since_ms, reason, fail_code, failures, turns, due_at_ms, lease_owner, lease_until_ms, created_at_ms, submitted_at_ms, started_at_ms, ended_at_ms, private, shared_message_id, shared_channel_id, result_channel_id, told_at_ms, closed_at_ms) VALUES ('01m8p6whbnfhkv1vmnkj', 1576938153766289408, 1576930797158400011, 1576930797158400014, 1576930797158400005, 'queued', 0, '{"model":"seedance-1-5-pro","prompt":"a lake at dusk","resolution":"480p","seconds":4,"aspect_ratio":"16:9","sound":false,"fixed_lens":false,"web_search":false,"pictures":[],"mode":"text-to-video"}', 'seedance-1-5-pro', 'text-to-video', '480p', 4, 40000, '2026-11', 1, 0, NULL, NULL, NULL, NULL, NULL, 1576938154340909056, 1796041754048, 'queued', NULL, NULL, NULL, NULL, 0, 0, 1796041753973, NULL, NULL, 1796041753973, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.jobs (id, interaction_id, guild_id, channel_id, user_id, state, fence, request, model, mode, resolution, seconds, price_micro, price_version, attempt, submissions, task_id, result_url, file_name, file_size, file_sha256, status_message_id, status_since_ms, status_shown, result_message_id, posting_since_ms, reason, fail_code, failures, turns, due_at_ms, lease_owner, lease_until_ms, created_at_ms, submitted_at_ms, started_at_ms, ended_at_ms, private, shared_message_id, shared_channel_id, result_channel_id, told_at_ms, closed_at_ms) VALUES ('01m8p6wha3qy2wkx9yzj', 1576938153237807104, 1576930797158400011, 1576930797158400014, 1576930797158400005, 'queued', 0, '{"model":"seedance-1-5-pro","prompt":"a lake at dusk","resolution":"480p","seconds":4,"aspect_ratio":"16:9","sound":false,"fixed_lens":false,"web_search":false,"pictures":[],"mode":"text-to-video"}', 'seedance-1-5-pro', 'text-to-video', '480p', 4, 40000, '2026-11', 1, 0, NULL, NULL, NULL, NULL, NULL, 1576938153971810304, 1796041753980, 'queued', NULL, NULL, NULL, NULL, 0, 0, 1796041753923, NULL, NULL, 1796041753923, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.jobs (id, interaction_id, guild_id, channel_id, user_id, state, fence, request, model, mode, resolution, seconds, price_micro, price_version, attempt, submissions, task_id, result_url, file_name, file_size, file_sha256, status_message_id, status_since_ms, status_shown, result_message_id, posting_since_ms, reason, fail_code, failures, turns, due_at_ms, lease_owner, lease_until_ms, created_at_ms, submitted_at_ms, started_at_ms, ended_at_ms, private, shared_message_id, shared_channel_id, result_channel_id, told_at_ms, closed_at_ms) VALUES ('01m8p6whdh1ppqjgpk25', 1576938153996976128, 1576930797158400011, 1576930797158400014, 1576930797158400005, 'queued', 0, '{"model":"seedance-1-5-pro","prompt":"a lake at dusk","resolution":"480p","seconds":4,"aspect_ratio":"16:9","sound":false,"fixed_lens":false,"web_search":false,"pictures":[],"mode":"text-to-video"}', 'seedance-1-5-pro', 'text-to-video', '480p', 4, 40000, '2026-11', 1, 0, NULL, NULL, NULL, NULL, NULL, 1576938154869391360, 1796041754086, 'queued', NULL, NULL, NULL, NULL, 0, 0, 1796041754033, NULL, NULL, 1796041754033, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.jobs (id, interaction_id, guild_id, channel_id, user_id, state, fence, request, model, mode, resolution, seconds, price_micro, price_version, attempt, submissions, task_id, result_url, file_name, file_size, file_sha256, status_message_id, status_since_ms, status_shown, result_message_id, posting_since_ms, reason, fail_code, failures, turns, due_at_ms, lease_owner, lease_until_ms, created_at_ms, submitted_at_ms, started_at_ms, ended_at_ms, private, shared_message_id, shared_channel_id, result_channel_id, told_at_ms, closed_at_ms) VALUES ('01m8p6wgksykbwanx89a', 1576938150494732288, 1576930797158400011, 1576930797158400014, 1576930797158400007, 'generating', 25, '{"model":"seedance-1-5-pro","prompt":"a lake at dusk","resolution":"480p","seconds":4,"aspect_ratio":"16:9","sound":false,"fixed_lens":false,"web_search":false,"pictures":[],"mode":"text-to-video"}', 'seedance-1-5-pro', 'text-to-video', '480p', 4, 40000, '2026-11', 1, 1, 'fc4032e6476b49ec8c0c7ac1befc49fe', NULL, NULL, NULL, NULL, 1576938150939328512, 1796041753274, 'generating', NULL, NULL, NULL, NULL, 0, 0, 1796041766357, NULL, NULL, 1796041753209, 1796041753237, 1796041753257, NULL, 0, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.jobs (id, interaction_id, guild_id, channel_id, user_id, state, fence, request, model, mode, resolution, seconds, price_micro, price_version, attempt, submissions, task_id, result_url, file_name, file_size, file_sha256, status_message_id, status_since_ms, status_shown, result_message_id, posting_since_ms, reason, fail_code, failures, turns, due_at_ms, lease_owner, lease_until_ms, created_at_ms, submitted_at_ms, started_at_ms, ended_at_ms, private, shared_message_id, shared_channel_id, result_channel_id, told_at_ms, closed_at_ms) VALUES ('01m8p6wgth898ddvkaj2', 1576938150998048769, 1576930797158400011, 1576930797158400014, 1576930797158400005, 'generating', 25, '{"model":"seedance-1-5-pro","prompt":"a lake at dusk","resolution":"480p","seconds":4,"aspect_ratio":"16:9","sound":false,"fixed_lens":false,"web_search":false,"pictures":[{"url":"http://127.0.0.1:9002/cdn/ephemeral-attachments/1576930797158400014/1576938150998048768/late.png?ex=6b0ebd99&is=6b0d6c19&hm=192466f12c49fd17cd60fe862543778cc2450a642eae0e3167bb6bba754bfe3a&","name":"late.png","format":"PNG","width":640,"height":360,"size":1485,"kept":"8e968505a92254836daeab46ed7995b094ff91dddd258555081d88370df5f738.png"}],"mode":"image-to-video"}', 'seedance-1-5-pro', 'image-to-video', '480p', 4, 40000, '2026-11', 1, 1, '0d16531320994d72bfea5389450fff7f', NULL, NULL, NULL, NULL, 1576938151933378560, 1796041753493, 'generating', NULL, NULL, NULL, NULL, 0, 0, 1796041766580, NULL, NULL, 1796041753425, 1796041753452, 1796041753480, NULL, 0, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.jobs (id, interaction_id, guild_id, channel_id, user_id, state, fence, request, model, mode, resolution, seconds, price_micro, price_version, attempt, submissions, task_id, result_url, file_name, file_size, file_sha256, status_message_id, status_since_ms, status_shown, result_message_id, posting_since_ms, reason, fail_code, failures, turns, due_at_ms, lease_owner, lease_until_ms, created_at_ms, submitted_at_ms, started_at_ms, ended_at_ms, private, shared_message_id, shared_channel_id, result_channel_id, told_at_ms, closed_at_ms) VALUES ('01m8p6wghgkec5fbfbf7', 1576938150280822784, 1576930797158400011, 1576930797158400014, 1576930797158400005, 'generating', 26, '{"model":"seedance-1-5-pro","prompt":"a lake at dusk","resolution":"480p","seconds":4,"aspect_ratio":"16:9","sound":false,"fixed_lens":false,"web_search":false,"pictures":[],"mode":"text-to-video"}', 'seedance-1-5-pro', 'text-to-video', '480p', 4, 40000, '2026-11', 1, 1, '30803477a7d340a9b44412e43a21cd51', NULL, NULL, NULL, NULL, 1576938150587006976, 1796041753175, 'generating', NULL, NULL, NULL, NULL, 0, 0, 1796041766760, NULL, NULL, 1796041753136, 1796041753153, 1796041753160, NULL, 1, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.jobs (id, interaction_id, guild_id, channel_id, user_id, state, fence, request, model, mode, resolution, seconds, price_micro, price_version, attempt, submissions, task_id, result_url, file_name, file_size, file_sha256, status_message_id, status_since_ms, status_shown, result_message_id, posting_since_ms, reason, fail_code, failures, turns, due_at_ms, lease_owner, lease_until_ms, created_at_ms, submitted_at_ms, started_at_ms, ended_at_ms, private, shared_message_id, shared_channel_id, result_channel_id, told_at_ms, closed_at_ms) VALUES ('01m8p6whwd6ysvbwjrsn', 1576938154357686273, 1576930797158400011, 1576930797158400014, 1576930797158400005, 'queued', 0, '{"model":"seedance-1-5-pro","prompt":"a lake at dusk","resolution":"480p","seconds":4,"aspect_ratio":"16:9","sound":false,"fixed_lens":false,"web_search":false,"pictures":[{"url":"http://127.0.0.1:9002/cdn/ephemeral-attachments/1576930797158400014/1576938154357686272/later.png?ex=6b0ebd9a&is=6b0d6c1a&hm=7bd102fc0965fa6ab4b654952962abe99f7ddb686b1c4f2a306800c4f383aa7c&","name":"later.png","format":"PNG","width":640,"height":360,"size":1485,"kept":"8e968505a92254836daeab46ed7995b094ff91dddd258555081d88370df5f738.png"}],"mode":"image-to-video"}', 'seedance-1-5-pro', 'image-to-video', '480p', 4, 40000, '2026-11', 1, 0, NULL, NULL, NULL, NULL, NULL, 1576938156626804736, 1796041754549, 'queued', NULL, NULL, NULL, NULL, 0, 0, 1796041754509, NULL, NULL, 1796041754509, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL);

INSERT INTO public.limits (guild_id, target, subject_id, kind, amount) VALUES (1576930797158400011, 'members', 0, 'day', 40000000);
INSERT INTO public.limits (guild_id, target, subject_id, kind, amount) VALUES (1576930797158400011, 'member', 1576930797158400005, 'month', NULL);
INSERT INTO public.limits (guild_id, target, subject_id, kind, amount) VALUES (1576930797158400011, 'role', 1576930797158400013, 'day', 30000000);
INSERT INTO public.limits (guild_id, target, subject_id, kind, amount) VALUES (0, 'everything', 0, 'day', 500000000);
INSERT INTO public.limits (guild_id, target, subject_id, kind, amount) VALUES (1576930797158400011, 'server', 0, 'month', 900000000);
INSERT INTO public.limits (guild_id, target, subject_id, kind, amount) VALUES (1576930797158400011, 'member', 1576930797158400007, 'day', 20000);
INSERT INTO public.limits (guild_id, target, subject_id, kind, amount) VALUES (1576930797158400019, 'members', 0, 'cooldown', 30);
INSERT INTO public.limits (guild_id, target, subject_id, kind, amount) VALUES (1576930797158400019, 'members', 0, 'in_flight', 3);

INSERT INTO public.members (guild_id, user_id, tell_when_done) VALUES (1576930797158400011, 1576930797158400005, 1);

INSERT INTO public.notes (key, value) VALUES ('signing secret', '0000000000000000000000000000000000000000000000000000000000000000');
INSERT INTO public.notes (key, value) VALUES ('synced commands', '99ae2680ed96fa9f8219cf6882eedc2e7e3e6aa61af907ad151cd9acefacf2a7');
INSERT INTO public.notes (key, value) VALUES ('halt shown', 'none');
INSERT INTO public.notes (key, value) VALUES ('parked told', '1796041740859');

INSERT INTO public.presets (guild_id, name, preset, updated_at_ms) VALUES (1576930797158400011, 'noir', '{"name":"Noir","suffix":"in the style of noir","model":null,"seconds":8,"resolution":null,"aspect_ratio":null,"sound":null}', 1796041732973);
INSERT INTO public.presets (guild_id, name, preset, updated_at_ms) VALUES (1576930797158400011, 'sunny', '{"name":"Sunny","suffix":"in the style of sunny","model":null,"seconds":8,"resolution":null,"aspect_ratio":null,"sound":null}', 1796041733162);

INSERT INTO public.quota_buckets (bucket_id, held_micro, charged_micro, granted_micro) VALUES ('server:1576930797158400011:day:2026-11-30', 560000, 1368000, 0);
INSERT INTO public.quota_buckets (bucket_id, held_micro, charged_micro, granted_micro) VALUES ('server:1576930797158400011:month:2026-11', 560000, 1368000, 0);
INSERT INTO public.quota_buckets (bucket_id, held_micro, charged_micro, granted_micro) VALUES ('purse:1576930797158400011:1576930797158400005', 0, 0, 2000000);
INSERT INTO public.quota_buckets (bucket_id, held_micro, charged_micro, granted_micro) VALUES ('purse:1576930797158400011:1576930797158400007', 40000, 60000, 2000000);
INSERT INTO public.quota_buckets (bucket_id, held_micro, charged_micro, granted_micro) VALUES ('member:1576930797158400011:1576930797158400007:day:2026-11-30', 0, 20000, 0);
INSERT INTO public.quota_buckets (bucket_id, held_micro, charged_micro, granted_micro) VALUES ('member:1576930797158400011:1576930797158400007:month:2026-11', 0, 20000, 0);
INSERT INTO public.quota_buckets (bucket_id, held_micro, charged_micro, granted_micro) VALUES ('everything:day:2026-11-30', 560000, 1408000, 0);
INSERT INTO public.quota_buckets (bucket_id, held_micro, charged_micro, granted_micro) VALUES ('member:1576930797158400019:1576930797158400005:day:2026-11-30', 0, 40000, 0);
INSERT INTO public.quota_buckets (bucket_id, held_micro, charged_micro, granted_micro) VALUES ('member:1576930797158400019:1576930797158400005:month:2026-11', 0, 40000, 0);
INSERT INTO public.quota_buckets (bucket_id, held_micro, charged_micro, granted_micro) VALUES ('server:1576930797158400019:day:2026-11-30', 0, 40000, 0);
INSERT INTO public.quota_buckets (bucket_id, held_micro, charged_micro, granted_micro) VALUES ('server:1576930797158400019:month:2026-11', 0, 40000, 0);
INSERT INTO public.quota_buckets (bucket_id, held_micro, charged_micro, granted_micro) VALUES ('everything:month:2026-11', 560000, 1408000, 0);
INSERT INTO public.quota_buckets (bucket_id, held_micro, charged_micro, granted_micro) VALUES ('member:1576930797158400011:1576930797158400005:day:2026-11-30', 520000, 1288000, 0);
INSERT INTO public.quota_buckets (bucket_id, held_micro, charged_micro, granted_micro) VALUES ('member:1576930797158400011:1576930797158400005:month:2026-11', 520000, 1288000, 0);

SELECT pg_catalog.setval('public.balance_readings_id_seq', 9, true);

SELECT pg_catalog.setval('public.billing_id_seq', 88, true);

SELECT pg_catalog.setval('public.changes_id_seq', 32, true);

SELECT pg_catalog.setval('public.job_events_id_seq', 203, true);

ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);

ALTER TABLE ONLY public.balance_readings
    ADD CONSTRAINT pk_balance_readings PRIMARY KEY (id);

ALTER TABLE ONLY public.belt
    ADD CONSTRAINT pk_belt PRIMARY KEY (id);

ALTER TABLE ONLY public.billing
    ADD CONSTRAINT pk_billing PRIMARY KEY (id);

ALTER TABLE ONLY public.billing_buckets
    ADD CONSTRAINT pk_billing_buckets PRIMARY KEY (hold_id, bucket_id);

ALTER TABLE ONLY public.changes
    ADD CONSTRAINT pk_changes PRIMARY KEY (id);

ALTER TABLE ONLY public.daily_sums
    ADD CONSTRAINT pk_daily_sums PRIMARY KEY (guild_id, scope, day, subject_id, model);

ALTER TABLE ONLY public.guilds
    ADD CONSTRAINT pk_guilds PRIMARY KEY (guild_id);

ALTER TABLE ONLY public.job_events
    ADD CONSTRAINT pk_job_events PRIMARY KEY (id);

ALTER TABLE ONLY public.jobs
    ADD CONSTRAINT pk_jobs PRIMARY KEY (id);

ALTER TABLE ONLY public.limits
    ADD CONSTRAINT pk_limits PRIMARY KEY (guild_id, target, subject_id, kind);

ALTER TABLE ONLY public.members
    ADD CONSTRAINT pk_members PRIMARY KEY (guild_id, user_id);

ALTER TABLE ONLY public.notes
    ADD CONSTRAINT pk_notes PRIMARY KEY (key);

ALTER TABLE ONLY public.presets
    ADD CONSTRAINT pk_presets PRIMARY KEY (guild_id, name);

ALTER TABLE ONLY public.quota_buckets
    ADD CONSTRAINT pk_quota_buckets PRIMARY KEY (bucket_id);

ALTER TABLE ONLY public.changes
    ADD CONSTRAINT uq_changes_interaction_id UNIQUE (interaction_id);

ALTER TABLE ONLY public.jobs
    ADD CONSTRAINT uq_jobs_interaction_id UNIQUE (interaction_id);

CREATE INDEX ix_balance_readings_at_ms ON public.balance_readings USING btree (at_ms);

CREATE INDEX ix_billing_buckets_bucket ON public.billing_buckets USING btree (bucket_id);

CREATE INDEX ix_billing_grants ON public.billing USING btree (guild_id, user_id) WHERE (kind = 'grant'::text);

CREATE INDEX ix_billing_hold_id ON public.billing USING btree (hold_id);

CREATE INDEX ix_billing_job ON public.billing USING btree (job_id);

CREATE INDEX ix_billing_member ON public.billing USING btree (guild_id, user_id, created_at_ms);

CREATE INDEX ix_billing_operator ON public.billing USING btree (created_at_ms, job_id) WHERE (account = 'operator'::text);

CREATE INDEX ix_changes_guild ON public.changes USING btree (guild_id, id);

CREATE INDEX ix_daily_sums_subject ON public.daily_sums USING btree (guild_id, scope, subject_id, day);

CREATE INDEX ix_job_events_job ON public.job_events USING btree (job_id, id);

CREATE INDEX ix_jobs_failed ON public.jobs USING btree (guild_id, ended_at_ms, fail_code, user_id) WHERE (state = ANY (ARRAY['failed'::text, 'rejected'::text]));

CREATE INDEX ix_jobs_lease ON public.jobs USING btree (lease_owner);

CREATE INDEX ix_jobs_member ON public.jobs USING btree (guild_id, user_id, created_at_ms);

CREATE INDEX ix_jobs_state ON public.jobs USING btree (state, guild_id, user_id);

CREATE INDEX ix_jobs_unshown ON public.jobs USING btree (id) WHERE ((status_shown IS NULL) OR (status_shown <> state));

CREATE UNIQUE INDEX uq_billing_hold ON public.billing USING btree (job_id, attempt) WHERE (kind = 'hold'::text);

CREATE UNIQUE INDEX uq_billing_paid ON public.billing USING btree (job_id) WHERE ((kind = 'charge'::text) AND (amount_micro > 0));

CREATE UNIQUE INDEX uq_billing_resolution ON public.billing USING btree (hold_id) WHERE (kind = ANY (ARRAY['charge'::text, 'release'::text]));

CREATE UNIQUE INDEX uq_jobs_task ON public.jobs USING btree (model, task_id);

CREATE TRIGGER billing_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.billing FOR EACH STATEMENT EXECUTE FUNCTION public.append_only();

CREATE TRIGGER billing_buckets_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.billing_buckets FOR EACH STATEMENT EXECUTE FUNCTION public.append_only();

CREATE TRIGGER billing_daily_sums AFTER INSERT ON public.billing FOR EACH ROW WHEN ((new.kind = ANY (ARRAY['charge'::text, 'release'::text, 'adjust'::text]))) EXECUTE FUNCTION public.billing_daily_sums();

CREATE TRIGGER billing_insert BEFORE INSERT ON public.billing FOR EACH ROW EXECUTE FUNCTION public.billing_insert();

CREATE TRIGGER changes_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.changes FOR EACH STATEMENT EXECUTE FUNCTION public.append_only();

CREATE TRIGGER jobs_daily_sums AFTER UPDATE OF ended_at_ms ON public.jobs FOR EACH ROW WHEN (((old.ended_at_ms IS NULL) AND (new.ended_at_ms IS NOT NULL))) EXECUTE FUNCTION public.jobs_daily_sums();

ALTER TABLE ONLY public.billing_buckets
    ADD CONSTRAINT fk_billing_buckets_bucket_id FOREIGN KEY (bucket_id) REFERENCES public.quota_buckets(bucket_id);

ALTER TABLE ONLY public.billing_buckets
    ADD CONSTRAINT fk_billing_buckets_hold_id FOREIGN KEY (hold_id) REFERENCES public.billing(id);

ALTER TABLE ONLY public.billing
    ADD CONSTRAINT fk_billing_grant_id FOREIGN KEY (grant_id) REFERENCES public.billing(id);

ALTER TABLE ONLY public.billing
    ADD CONSTRAINT fk_billing_hold_id FOREIGN KEY (hold_id) REFERENCES public.billing(id);

ALTER TABLE ONLY public.billing
    ADD CONSTRAINT fk_billing_job_id FOREIGN KEY (job_id) REFERENCES public.jobs(id);

ALTER TABLE ONLY public.job_events
    ADD CONSTRAINT fk_job_events_job_id FOREIGN KEY (job_id) REFERENCES public.jobs(id);
