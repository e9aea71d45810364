-- AlterTable
ALTER TABLE "budget"
  ADD COLUMN "name" TEXT NOT NULL DEFAULT '',
  ADD COLUMN "hours" INTEGER,
  ADD COLUMN "time_zone" TEXT NOT NULL DEFAULT 'UTC',
  ADD COLUMN "models" TEXT[] DEFAULT ARRAY[]::TEXT[],
  ADD COLUMN "soft" BOOLEAN NOT NULL DEFAULT false,
  ADD COLUMN "increase_nano" BIGINT NOT NULL DEFAULT 0,
  ADD COLUMN "increase_until" TIMESTAMPTZ(3),
  ADD COLUMN "reset_at" TIMESTAMPTZ(3);

-- DropIndex
DROP INDEX "budget_group_id_period_key";
DROP INDEX "budget_key_id_period_key";

-- CreateIndex
CREATE INDEX "budget_key_id_idx" ON "budget"("key_id");

-- CreateIndex
CREATE INDEX "budget_group_id_idx" ON "budget"("group_id");

-- AlterTable
ALTER TABLE "call"
  ADD COLUMN "purses" UUID[] DEFAULT ARRAY[]::UUID[],
  ADD COLUMN "units" JSONB,
  ADD COLUMN "trace" JSONB,
  ADD COLUMN "saved_nano" BIGINT;

-- CreateTable
CREATE TABLE "purse" (
    "id" UUID NOT NULL,
    "budget_id" UUID,
    "group_id" UUID,
    "starts_at" TIMESTAMPTZ(3) NOT NULL,
    "spent_nano" BIGINT NOT NULL DEFAULT 0,
    "leased_nano" BIGINT NOT NULL DEFAULT 0,
    "alerted" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "purse_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "lease" (
    "instance" UUID NOT NULL,
    "purse_id" UUID NOT NULL,
    "granted_nano" BIGINT NOT NULL,
    "renewed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "lease_pkey" PRIMARY KEY ("instance", "purse_id")
);

-- CreateTable
CREATE TABLE "group_transaction" (
    "id" UUID NOT NULL,
    "group_id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "kind" TEXT NOT NULL,
    "amount_nano" BIGINT NOT NULL,
    "balance_after_nano" BIGINT NOT NULL,
    "reason" TEXT NOT NULL,
    "actor" TEXT NOT NULL,
    "call_id" UUID,

    CONSTRAINT "group_transaction_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "adjustment" (
    "id" UUID NOT NULL,
    "call_id" UUID NOT NULL,
    "call_started_at" TIMESTAMPTZ(3) NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "kind" TEXT NOT NULL,
    "delta_nano" BIGINT NOT NULL,
    "price_id" UUID,
    "reason" TEXT NOT NULL,
    "actor" TEXT NOT NULL,

    CONSTRAINT "adjustment_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "notification" (
    "id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "kind" TEXT NOT NULL,
    "severity" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "detail" JSONB NOT NULL DEFAULT '{}',
    "once" TEXT,
    "read_at" TIMESTAMPTZ(3),

    CONSTRAINT "notification_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "purse_budget_id_starts_at_key" ON "purse"("budget_id", "starts_at");

-- CreateIndex
CREATE UNIQUE INDEX "purse_group_id_key" ON "purse"("group_id");

-- CreateIndex
CREATE INDEX "lease_purse_id_idx" ON "lease"("purse_id");

-- CreateIndex
CREATE INDEX "group_transaction_group_id_at_idx" ON "group_transaction"("group_id", "at" DESC);

-- CreateIndex
CREATE INDEX "adjustment_call_id_idx" ON "adjustment"("call_id");

-- CreateIndex
CREATE INDEX "adjustment_at_idx" ON "adjustment"("at" DESC);

-- CreateIndex
CREATE UNIQUE INDEX "notification_once_key" ON "notification"("once");

-- CreateIndex
CREATE INDEX "notification_at_idx" ON "notification"("at" DESC);

-- AddForeignKey
ALTER TABLE "purse" ADD CONSTRAINT "purse_budget_id_fkey" FOREIGN KEY ("budget_id") REFERENCES "budget"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "purse" ADD CONSTRAINT "purse_group_id_fkey" FOREIGN KEY ("group_id") REFERENCES "key_group"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "lease" ADD CONSTRAINT "lease_purse_id_fkey" FOREIGN KEY ("purse_id") REFERENCES "purse"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "group_transaction" ADD CONSTRAINT "group_transaction_group_id_fkey" FOREIGN KEY ("group_id") REFERENCES "key_group"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What Prisma's schema language cannot say.

CREATE UNIQUE INDEX "budget_once" ON "budget"(coalesce("key_id", "group_id"), "period", coalesce("hours", 0), "models");
ALTER TABLE "budget" ADD CONSTRAINT "budget_hours_for_rolling" CHECK (("period" = 'hours') = ("hours" IS NOT NULL) AND ("hours" IS NULL OR "hours" BETWEEN 1 AND 8760));
ALTER TABLE "purse" ADD CONSTRAINT "purse_one_owner" CHECK (num_nonnulls("budget_id", "group_id") = 1);
ALTER TABLE "group_transaction" ADD CONSTRAINT "group_transaction_kind" CHECK ("kind" IN ('credit', 'debit', 'refund', 'adjustment'));

-- The window of a budget, or a group's balance, that money is spent from; made when it is first asked for.
CREATE FUNCTION "conduit_purse"("p_budget" uuid, "p_group" uuid, "p_starts" timestamptz) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
  "found" uuid;
BEGIN
  IF "p_budget" IS NOT NULL THEN
    SELECT "id" INTO "found" FROM "purse" WHERE "budget_id" = "p_budget" AND "starts_at" = "p_starts";
  ELSE
    SELECT "id" INTO "found" FROM "purse" WHERE "group_id" = "p_group";
  END IF;
  IF "found" IS NOT NULL THEN
    RETURN "found";
  END IF;
  INSERT INTO "purse" ("id", "budget_id", "group_id", "starts_at")
    VALUES (gen_random_uuid(), "p_budget", "p_group", "p_starts")
    ON CONFLICT DO NOTHING RETURNING "id" INTO "found";
  IF "found" IS NULL THEN
    RETURN "conduit_purse"("p_budget", "p_group", "p_starts");
  END IF;
  RETURN "found";
END $$;

-- Leases a part of what is left to one process: at least "p_need", more while there is plenty, and with "p_force" also what is
-- not there, for money that is spent already. "p_since" is where the window begins: the sums of all purses of the budget from
-- there on count, so that a rolling window is the sum of its hours. The sum of leases never exceeds what is left.
CREATE FUNCTION "conduit_lease"(
  "p_instance" uuid, "p_budget" uuid, "p_group" uuid, "p_starts" timestamptz, "p_since" timestamptz, "p_need" bigint, "p_force" boolean
) RETURNS TABLE ("purse_id" uuid, "granted" bigint, "available" bigint, "spent" bigint, "limit_nano" bigint, "elsewhere" bigint) LANGUAGE plpgsql AS $$
DECLARE
  "v_purse" uuid;
  "v_limit" bigint;
  "v_soft" boolean := false;
  "v_spent" bigint;
  "v_leased" bigint;
  "v_left" bigint;
  "v_granted" bigint;
  "v_own" bigint;
BEGIN
  -- The owner's row is the lock: all windows of a budget are counted together.
  IF "p_budget" IS NOT NULL THEN
    SELECT b."limit_nano" + CASE WHEN b."increase_until" > now() THEN b."increase_nano" ELSE 0 END, b."soft"
      INTO "v_limit", "v_soft" FROM "budget" b WHERE b."id" = "p_budget" FOR NO KEY UPDATE;
  ELSE
    SELECT g."balance_nano" INTO "v_limit" FROM "key_group" g WHERE g."id" = "p_group" FOR NO KEY UPDATE;
  END IF;
  IF "v_limit" IS NULL THEN
    RETURN;
  END IF;
  "v_purse" := "conduit_purse"("p_budget", "p_group", "p_starts");
  IF "p_budget" IS NOT NULL THEN
    SELECT coalesce(sum(p."spent_nano"), 0), coalesce(sum(p."leased_nano"), 0) INTO "v_spent", "v_leased"
      FROM "purse" p WHERE p."budget_id" = "p_budget" AND p."starts_at" >= "p_since";
  ELSE
    SELECT p."spent_nano", p."leased_nano" INTO "v_spent", "v_leased" FROM "purse" p WHERE p."id" = "v_purse";
  END IF;
  "v_left" := "v_limit" - "v_spent" - "v_leased";
  IF "p_force" THEN
    "v_granted" := "p_need";
  ELSIF "v_soft" THEN
    "v_granted" := greatest("p_need", 1000000000);
  ELSIF "v_left" < "p_need" THEN
    "v_granted" := 0;
  ELSE
    -- An eighth of what is left: several processes share it, and near the end the slices become as small as the calls.
    "v_granted" := greatest("p_need", least("v_left" / 8, "p_need" * 64));
  END IF;
  IF "v_granted" > 0 THEN
    -- The lease before the purse, as the ledger writes them: in another order the two could wait for each other.
    INSERT INTO "lease" AS held ("instance", "purse_id", "granted_nano") VALUES ("p_instance", "v_purse", "v_granted")
      ON CONFLICT ON CONSTRAINT "lease_pkey"
      DO UPDATE SET "granted_nano" = held."granted_nano" + excluded."granted_nano", "renewed_at" = now();
    UPDATE "purse" p SET "leased_nano" = p."leased_nano" + "v_granted" WHERE p."id" = "v_purse";
  END IF;
  SELECT coalesce(sum(l."granted_nano"), 0) INTO "v_own" FROM "lease" l JOIN "purse" p ON p."id" = l."purse_id"
    WHERE l."instance" = "p_instance" AND p."budget_id" IS NOT DISTINCT FROM "p_budget"
      AND p."group_id" IS NOT DISTINCT FROM "p_group" AND p."starts_at" >= "p_since";
  RETURN QUERY SELECT "v_purse", "v_granted", "v_left", "v_spent", "v_limit", "v_leased" - ("v_own" - "v_granted");
END $$;

-- Gives back a part of a lease that is not needed.
CREATE FUNCTION "conduit_return_lease"("p_instance" uuid, "p_purse" uuid, "p_amount" bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  UPDATE "lease" SET "granted_nano" = "granted_nano" - "p_amount", "renewed_at" = now()
    WHERE "instance" = "p_instance" AND "purse_id" = "p_purse";
  UPDATE "purse" SET "leased_nano" = "leased_nano" - "p_amount" WHERE "id" = "p_purse";
END $$;

-- Ends the leases of one process (it has replayed what it spent), or of all that have not been heard of for a while.
CREATE FUNCTION "conduit_end_leases"("p_instance" uuid, "p_silent" interval) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  "ended" bigint;
BEGIN
  WITH gone AS (
    DELETE FROM "lease" WHERE "instance" = "p_instance" OR "renewed_at" < now() - "p_silent" RETURNING "purse_id", "granted_nano"
  ), sums AS (
    SELECT "purse_id", sum("granted_nano") AS amount FROM gone GROUP BY "purse_id"
  ), given AS (
    UPDATE "purse" SET "leased_nano" = "leased_nano" - sums.amount FROM sums WHERE "purse"."id" = sums."purse_id" RETURNING 1
  )
  SELECT count(*) INTO "ended" FROM given;
  RETURN "ended";
END $$;
