-- CreateTable
CREATE TABLE "webhook" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "url" TEXT NOT NULL,
    "sealed" TEXT NOT NULL,
    "kinds" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "allow_private_network" BOOLEAN NOT NULL DEFAULT false,
    "enabled" BOOLEAN NOT NULL DEFAULT true,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "webhook_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "webhook_delivery" (
    "notification_id" UUID NOT NULL,
    "webhook_id" UUID NOT NULL,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "next_at" TIMESTAMPTZ(3) DEFAULT CURRENT_TIMESTAMP,
    "delivered_at" TIMESTAMPTZ(3),
    "status" INTEGER,
    "error" TEXT,

    CONSTRAINT "webhook_delivery_pkey" PRIMARY KEY ("notification_id","webhook_id")
);

-- CreateIndex
CREATE UNIQUE INDEX "webhook_name_key" ON "webhook"("name");

-- CreateIndex
CREATE INDEX "webhook_delivery_webhook_id_idx" ON "webhook_delivery"("webhook_id");

-- CreateIndex
CREATE INDEX "webhook_delivery_next_at_idx" ON "webhook_delivery"("next_at");

-- AddForeignKey
ALTER TABLE "webhook_delivery" ADD CONSTRAINT "webhook_delivery_notification_id_fkey" FOREIGN KEY ("notification_id") REFERENCES "notification"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "webhook_delivery" ADD CONSTRAINT "webhook_delivery_webhook_id_fkey" FOREIGN KEY ("webhook_id") REFERENCES "webhook"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What Prisma's schema language cannot say.

-- A soft budget may warn below a hard one of the same period.
DROP INDEX "budget_once";
CREATE UNIQUE INDEX "budget_once" ON "budget"(coalesce("key_id", "group_id"), "period", coalesce("hours", 0), "models", "soft");

-- A call is refunded once.
CREATE UNIQUE INDEX "adjustment_one_refund" ON "adjustment"("call_id") WHERE "kind" = 'refund';
ALTER TABLE "adjustment" ADD CONSTRAINT "adjustment_kind" CHECK ("kind" IN ('refund', 'rerate'));

-- A balance is the sum of its transactions, also one that was there before they were.
INSERT INTO "group_transaction" ("id", "group_id", "kind", "amount_nano", "balance_after_nano", "reason", "actor")
  SELECT gen_random_uuid(), g."id", 'adjustment', g."balance_nano" - t."sum", g."balance_nano" - coalesce(p."spent_nano", 0),
         'The balance when transactions began.', 'system'
    FROM "key_group" g LEFT JOIN "purse" p ON p."group_id" = g."id",
         LATERAL (SELECT coalesce(sum("amount_nano"), 0)::bigint AS "sum" FROM "group_transaction" WHERE "group_id" = g."id") t
   WHERE g."balance_nano" <> t."sum";

-- What to do with models that have no price is a setting; processes read it with the keys.
CREATE CONSTRAINT TRIGGER "announce_money_set" AFTER INSERT OR UPDATE ON "setting"
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW."name" = 'money') EXECUTE FUNCTION "conduit_announce"('keys');
CREATE CONSTRAINT TRIGGER "announce_money_gone" AFTER DELETE ON "setting"
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD."name" = 'money') EXECUTE FUNCTION "conduit_announce"('keys');
