-- What a vendor's account, and one of its keys, takes at most; null = no limit known.
ALTER TABLE "provider" ADD COLUMN "rpm" INTEGER, ADD COLUMN "tpm" INTEGER, ADD COLUMN "concurrent" INTEGER;
ALTER TABLE "provider_key" ADD COLUMN "rpm" INTEGER, ADD COLUMN "tpm" INTEGER, ADD COLUMN "concurrent" INTEGER;
-- The context window of a deployed model in tokens; null = what is known of a model of that name.
ALTER TABLE "deployment" ADD COLUMN "context_window" INTEGER;
