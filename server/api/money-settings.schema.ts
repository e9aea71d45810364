import { z } from "zod";

/** What becomes of calls to a model without a price: `block` refuses them, `warn` answers them and tells. */
export const MoneySettings = z.strictObject({ unpriced: z.enum(["block", "warn"]) });
