-- AlterTable
ALTER TABLE "key_group"
  ADD COLUMN "rpm" INTEGER,
  ADD COLUMN "rph" INTEGER,
  ADD COLUMN "rpd" INTEGER,
  ADD COLUMN "tpm" INTEGER,
  ADD COLUMN "tpd" INTEGER,
  ADD COLUMN "concurrent" INTEGER;

-- AlterTable
ALTER TABLE "virtual_key"
  ADD COLUMN "rph" INTEGER,
  ADD COLUMN "rpd" INTEGER,
  ADD COLUMN "tpd" INTEGER,
  ADD COLUMN "model_limits" JSONB NOT NULL DEFAULT '[]';

-- What Prisma's schema language cannot say.

DROP TRIGGER "announce" ON "virtual_key";
-- Not on every column: "last_used_at" moves with each flush of the ledger and changes nothing for a caller.
CREATE CONSTRAINT TRIGGER "announce" AFTER INSERT OR DELETE
  OR UPDATE OF "name", "hash", "group_id", "models", "enabled", "expires_at", "rpm", "rph", "rpd", "tpm", "tpd", "concurrent",
    "model_limits", "tags"
  ON "virtual_key" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION "conduit_announce"('keys');

-- The limits of the whole gateway are a setting; processes read them with the keys.
CREATE CONSTRAINT TRIGGER "announce_limits_set" AFTER INSERT OR UPDATE ON "setting"
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW."name" = 'limits') EXECUTE FUNCTION "conduit_announce"('keys');
CREATE CONSTRAINT TRIGGER "announce_limits_gone" AFTER DELETE ON "setting"
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD."name" = 'limits') EXECUTE FUNCTION "conduit_announce"('keys');
