-- CreateTable
CREATE TABLE "stored_response" (
    "id" TEXT NOT NULL,
    "key_id" UUID NOT NULL,
    "group_id" UUID,
    "provider_id" UUID,
    "deployment_id" UUID,
    "native" BOOLEAN NOT NULL,
    "model" TEXT NOT NULL,
    "previous_id" TEXT,
    "input" JSON NOT NULL,
    "output" JSON NOT NULL,
    "body" JSON NOT NULL,
    "item_ids" TEXT[],
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "stored_response_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "stored_response_key_id_created_at_idx" ON "stored_response"("key_id", "created_at" DESC);

-- CreateIndex
CREATE INDEX "stored_response_item_ids_idx" ON "stored_response" USING GIN ("item_ids");

-- CreateIndex
CREATE INDEX "stored_response_expires_at_idx" ON "stored_response"("expires_at");
