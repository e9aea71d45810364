-- CreateTable
CREATE TABLE "key_group" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "external_id" TEXT,
    "balance_nano" BIGINT,
    "enabled" BOOLEAN NOT NULL DEFAULT true,
    "managed" BOOLEAN NOT NULL DEFAULT false,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "key_group_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "virtual_key" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "hash" TEXT NOT NULL,
    "prefix" TEXT NOT NULL,
    "last4" TEXT NOT NULL,
    "group_id" UUID,
    "models" TEXT[] DEFAULT ARRAY['*']::TEXT[],
    "enabled" BOOLEAN NOT NULL DEFAULT true,
    "expires_at" TIMESTAMPTZ(3),
    "rpm" INTEGER,
    "tpm" INTEGER,
    "concurrent" INTEGER,
    "tags" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "managed" BOOLEAN NOT NULL DEFAULT false,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,
    "last_used_at" TIMESTAMPTZ(3),

    CONSTRAINT "virtual_key_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "budget" (
    "id" UUID NOT NULL,
    "key_id" UUID,
    "group_id" UUID,
    "period" TEXT NOT NULL,
    "limit_nano" BIGINT NOT NULL,
    "managed" BOOLEAN NOT NULL DEFAULT false,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "budget_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "call" (
    "id" UUID NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "request_id" TEXT NOT NULL,
    "key_id" UUID,
    "key_name" TEXT,
    "group_id" UUID,
    "group_name" TEXT,
    "model" TEXT,
    "deployment_id" UUID,
    "provider_id" UUID,
    "provider_name" TEXT,
    "provider_key_name" TEXT,
    "upstream_model" TEXT,
    "operation" TEXT NOT NULL,
    "dialect" TEXT NOT NULL,
    "stream" BOOLEAN NOT NULL,
    "status" INTEGER NOT NULL,
    "error_kind" TEXT,
    "error_message" TEXT,
    "finish_reason" TEXT,
    "attempts" INTEGER NOT NULL,
    "input_tokens" BIGINT NOT NULL DEFAULT 0,
    "cached_input_tokens" BIGINT NOT NULL DEFAULT 0,
    "cache_write_tokens" BIGINT NOT NULL DEFAULT 0,
    "cache_write_1h_tokens" BIGINT NOT NULL DEFAULT 0,
    "output_tokens" BIGINT NOT NULL DEFAULT 0,
    "reasoning_tokens" BIGINT NOT NULL DEFAULT 0,
    "audio_input_tokens" BIGINT NOT NULL DEFAULT 0,
    "audio_output_tokens" BIGINT NOT NULL DEFAULT 0,
    "estimated" BOOLEAN NOT NULL DEFAULT false,
    "cost_nano" BIGINT,
    "price_id" UUID,
    "first_token_ms" INTEGER,
    "duration_ms" INTEGER NOT NULL,
    "client_ip" TEXT,
    "user_agent" TEXT,
    "tags" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "dropped" TEXT[] DEFAULT ARRAY[]::TEXT[],

    CONSTRAINT "call_pkey" PRIMARY KEY ("started_at","id")
) PARTITION BY RANGE ("started_at");

-- CreateTable
CREATE TABLE "call_rollup" (
    "hour" TIMESTAMPTZ(3) NOT NULL,
    "key_id" TEXT NOT NULL,
    "model" TEXT NOT NULL,
    "provider_name" TEXT NOT NULL,
    "calls" BIGINT NOT NULL DEFAULT 0,
    "errors" BIGINT NOT NULL DEFAULT 0,
    "unpriced" BIGINT NOT NULL DEFAULT 0,
    "input_tokens" BIGINT NOT NULL DEFAULT 0,
    "output_tokens" BIGINT NOT NULL DEFAULT 0,
    "cost_nano" BIGINT NOT NULL DEFAULT 0,
    "duration_ms" BIGINT NOT NULL DEFAULT 0,
    "first_token_ms" BIGINT NOT NULL DEFAULT 0,
    "first_tokens" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "call_rollup_pkey" PRIMARY KEY ("hour","key_id","model","provider_name")
);

-- CreateTable
CREATE TABLE "model" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "strategy" TEXT NOT NULL DEFAULT 'priority',
    "fallbacks" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "enabled" BOOLEAN NOT NULL DEFAULT true,
    "managed" BOOLEAN NOT NULL DEFAULT false,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "model_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "deployment" (
    "id" UUID NOT NULL,
    "model_id" UUID NOT NULL,
    "provider_id" UUID NOT NULL,
    "upstream_model" TEXT NOT NULL,
    "priority" INTEGER NOT NULL DEFAULT 0,
    "weight" INTEGER NOT NULL DEFAULT 1,
    "enabled" BOOLEAN NOT NULL DEFAULT true,
    "managed" BOOLEAN NOT NULL DEFAULT false,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "deployment_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "price" (
    "id" UUID NOT NULL,
    "deployment_id" UUID NOT NULL,
    "version" INTEGER NOT NULL,
    "effective_from" TIMESTAMPTZ(3) NOT NULL,
    "rates" JSONB NOT NULL,
    "source" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "price_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "provider" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "base_url" TEXT,
    "allow_private_network" BOOLEAN NOT NULL DEFAULT false,
    "headers" JSONB NOT NULL DEFAULT '{}',
    "options" JSONB NOT NULL DEFAULT '{}',
    "enabled" BOOLEAN NOT NULL DEFAULT true,
    "managed" BOOLEAN NOT NULL DEFAULT false,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "provider_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "provider_key" (
    "id" UUID NOT NULL,
    "provider_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "sealed" TEXT NOT NULL,
    "hint" TEXT NOT NULL,
    "weight" INTEGER NOT NULL DEFAULT 1,
    "enabled" BOOLEAN NOT NULL DEFAULT true,
    "managed" BOOLEAN NOT NULL DEFAULT false,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "provider_key_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "setting" (
    "name" TEXT NOT NULL,
    "value" JSONB NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "setting_pkey" PRIMARY KEY ("name")
);

-- CreateTable
CREATE TABLE "audit_entry" (
    "id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "actor" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "noun" TEXT NOT NULL,
    "object_id" TEXT,
    "name" TEXT,
    "detail" JSONB,
    "ip" TEXT,

    CONSTRAINT "audit_entry_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "key_group_name_key" ON "key_group"("name");

-- CreateIndex
CREATE UNIQUE INDEX "key_group_external_id_key" ON "key_group"("external_id");

-- CreateIndex
CREATE UNIQUE INDEX "virtual_key_name_key" ON "virtual_key"("name");

-- CreateIndex
CREATE UNIQUE INDEX "virtual_key_hash_key" ON "virtual_key"("hash");

-- CreateIndex
CREATE INDEX "virtual_key_group_id_idx" ON "virtual_key"("group_id");

-- CreateIndex
CREATE UNIQUE INDEX "budget_key_id_period_key" ON "budget"("key_id", "period");

-- CreateIndex
CREATE UNIQUE INDEX "budget_group_id_period_key" ON "budget"("group_id", "period");

-- CreateIndex
CREATE INDEX "call_key_id_started_at_idx" ON "call"("key_id", "started_at" DESC);

-- CreateIndex
CREATE INDEX "call_model_started_at_idx" ON "call"("model", "started_at" DESC);

-- CreateIndex
CREATE INDEX "call_request_id_idx" ON "call"("request_id");

-- CreateIndex
CREATE UNIQUE INDEX "model_name_key" ON "model"("name");

-- CreateIndex
CREATE INDEX "deployment_provider_id_idx" ON "deployment"("provider_id");

-- CreateIndex
CREATE UNIQUE INDEX "deployment_model_id_provider_id_upstream_model_key" ON "deployment"("model_id", "provider_id", "upstream_model");

-- CreateIndex
CREATE UNIQUE INDEX "price_deployment_id_version_key" ON "price"("deployment_id", "version");

-- CreateIndex
CREATE UNIQUE INDEX "provider_name_key" ON "provider"("name");

-- CreateIndex
CREATE UNIQUE INDEX "provider_key_provider_id_name_key" ON "provider_key"("provider_id", "name");

-- CreateIndex
CREATE INDEX "audit_entry_at_idx" ON "audit_entry"("at" DESC);

-- AddForeignKey
ALTER TABLE "virtual_key" ADD CONSTRAINT "virtual_key_group_id_fkey" FOREIGN KEY ("group_id") REFERENCES "key_group"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "budget" ADD CONSTRAINT "budget_key_id_fkey" FOREIGN KEY ("key_id") REFERENCES "virtual_key"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "budget" ADD CONSTRAINT "budget_group_id_fkey" FOREIGN KEY ("group_id") REFERENCES "key_group"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "deployment" ADD CONSTRAINT "deployment_model_id_fkey" FOREIGN KEY ("model_id") REFERENCES "model"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "deployment" ADD CONSTRAINT "deployment_provider_id_fkey" FOREIGN KEY ("provider_id") REFERENCES "provider"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "price" ADD CONSTRAINT "price_deployment_id_fkey" FOREIGN KEY ("deployment_id") REFERENCES "deployment"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "provider_key" ADD CONSTRAINT "provider_key_provider_id_fkey" FOREIGN KEY ("provider_id") REFERENCES "provider"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What Prisma's schema language cannot say.

ALTER TABLE "budget"
  ADD CONSTRAINT "budget_one_owner" CHECK (num_nonnulls("key_id", "group_id") = 1),
  ADD CONSTRAINT "budget_limit_not_negative" CHECK ("limit_nano" >= 0);
ALTER TABLE "deployment" ADD CONSTRAINT "deployment_weight_not_negative" CHECK ("weight" >= 0);
ALTER TABLE "provider_key" ADD CONSTRAINT "provider_key_weight_not_negative" CHECK ("weight" >= 0);

-- One partition of "call" a UTC day. Called by the ledger before it writes a day for the first time.
CREATE FUNCTION "conduit_ensure_call_partition"("day" date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  "partition" text := 'call_' || to_char("day", 'YYYYMMDD');
BEGIN
  IF to_regclass(quote_ident("partition")) IS NOT NULL THEN
    RETURN;
  END IF;
  -- Two processes may arrive together: the second waits, then finds the table.
  PERFORM pg_advisory_xact_lock(hashtext('conduit_call_partition'));
  EXECUTE format(
    'CREATE TABLE IF NOT EXISTS %I PARTITION OF "call" FOR VALUES FROM (%L) TO (%L)',
    "partition",
    to_char("day", 'YYYY-MM-DD') || ' 00:00:00+00',
    to_char("day" + 1, 'YYYY-MM-DD') || ' 00:00:00+00'
  );
END $$;

-- Processes hold keys and the catalog in memory. Each change is announced, and counted for those that missed it. Both happen
-- as the transaction commits: a count that moved earlier would be seen before the change itself, and the row that holds it is
-- locked for that moment only.
CREATE TABLE "conduit_change" ("value" bigint NOT NULL);
INSERT INTO "conduit_change" VALUES (0);

CREATE FUNCTION "conduit_announce"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('conduit_change', TG_ARGV[0]);
  IF coalesce(current_setting('conduit.counted', true), '') = '' THEN
    PERFORM set_config('conduit.counted', 'yes', true);
    UPDATE "conduit_change" SET "value" = "value" + 1;
  END IF;
  RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER "announce" AFTER INSERT OR UPDATE OR DELETE ON "provider"
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION "conduit_announce"('catalog');
CREATE CONSTRAINT TRIGGER "announce" AFTER INSERT OR UPDATE OR DELETE ON "provider_key"
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION "conduit_announce"('catalog');
CREATE CONSTRAINT TRIGGER "announce" AFTER INSERT OR UPDATE OR DELETE ON "model"
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION "conduit_announce"('catalog');
CREATE CONSTRAINT TRIGGER "announce" AFTER INSERT OR UPDATE OR DELETE ON "deployment"
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION "conduit_announce"('catalog');
CREATE CONSTRAINT TRIGGER "announce" AFTER INSERT OR UPDATE OR DELETE ON "price"
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION "conduit_announce"('catalog');
CREATE CONSTRAINT TRIGGER "announce" AFTER INSERT OR UPDATE OR DELETE ON "key_group"
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION "conduit_announce"('keys');
CREATE CONSTRAINT TRIGGER "announce" AFTER INSERT OR UPDATE OR DELETE ON "budget"
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION "conduit_announce"('keys');
-- Not on every column: "last_used_at" moves with each flush of the ledger and changes nothing for a caller.
CREATE CONSTRAINT TRIGGER "announce" AFTER INSERT OR DELETE
  OR UPDATE OF "name", "hash", "group_id", "models", "enabled", "expires_at", "rpm", "tpm", "concurrent", "tags"
  ON "virtual_key" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION "conduit_announce"('keys');
