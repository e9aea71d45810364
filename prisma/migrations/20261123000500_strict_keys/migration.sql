-- AlterTable
ALTER TABLE "virtual_key" ADD COLUMN "strict" BOOLEAN NOT NULL DEFAULT false;

-- What Prisma's schema language cannot say.

-- Beside those that are there, which tell of the other columns.
CREATE CONSTRAINT TRIGGER "announce_strict" AFTER UPDATE OF "strict" ON "virtual_key"
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION "conduit_announce"('keys');
