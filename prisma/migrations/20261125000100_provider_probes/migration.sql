-- AlterTable
ALTER TABLE "provider" ADD COLUMN "probe_seconds" INTEGER;

-- What Prisma's schema language cannot say.

ALTER TABLE "provider" ADD CONSTRAINT "provider_probe_seconds" CHECK ("probe_seconds" BETWEEN 10 AND 86400);
