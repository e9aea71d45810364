-- Whether a second deployment is asked when the first is slow to begin a stream.
ALTER TABLE "model" ADD COLUMN "hedge" BOOLEAN NOT NULL DEFAULT false;
