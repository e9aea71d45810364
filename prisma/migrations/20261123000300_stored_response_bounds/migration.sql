-- AlterTable
ALTER TABLE "stored_response" ADD COLUMN     "bound_tokens" BIGINT NOT NULL DEFAULT 0;
