-- AlterTable
ALTER TABLE "model"
  ADD COLUMN "fallbacks_on_context" TEXT[] DEFAULT ARRAY[]::TEXT[],
  ADD COLUMN "fallbacks_on_policy" TEXT[] DEFAULT ARRAY[]::TEXT[],
  ADD COLUMN "rescue" BOOLEAN NOT NULL DEFAULT true,
  ADD COLUMN "first_byte_ms" INTEGER,
  ADD COLUMN "retries" INTEGER,
  ADD COLUMN "cache" BOOLEAN NOT NULL DEFAULT false,
  ADD COLUMN "cache_ttl_seconds" INTEGER;

-- AlterTable
ALTER TABLE "deployment"
  ADD COLUMN "tags" TEXT[] DEFAULT ARRAY[]::TEXT[],
  ADD COLUMN "region" TEXT,
  ADD COLUMN "rpm" INTEGER,
  ADD COLUMN "tpm" INTEGER,
  ADD COLUMN "concurrent" INTEGER;

-- AlterTable
ALTER TABLE "virtual_key" ADD COLUMN "cache" BOOLEAN NOT NULL DEFAULT false;

-- CreateTable
CREATE TABLE "routing_rule" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "position" INTEGER NOT NULL,
    "enabled" BOOLEAN NOT NULL DEFAULT true,
    "managed" BOOLEAN NOT NULL DEFAULT false,
    "match" TEXT NOT NULL DEFAULT 'all',
    "conditions" JSONB NOT NULL DEFAULT '[]',
    "actions" JSONB NOT NULL,
    "stop" BOOLEAN NOT NULL DEFAULT false,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "routing_rule_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "routing_rule_name_key" ON "routing_rule"("name");

-- CreateIndex
CREATE INDEX "routing_rule_position_idx" ON "routing_rule"("position");

-- What Prisma's schema language cannot say.

ALTER TABLE "routing_rule" ADD CONSTRAINT "routing_rule_match" CHECK ("match" IN ('all', 'any'));

CREATE CONSTRAINT TRIGGER "announce" AFTER INSERT OR UPDATE OR DELETE ON "routing_rule"
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION "conduit_announce"('catalog');

-- Beside the one that is there, which tells of the other columns.
CREATE CONSTRAINT TRIGGER "announce_cache" AFTER UPDATE OF "cache" ON "virtual_key"
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION "conduit_announce"('keys');
