import { ledger } from "@/cli/ledger";
import { prices } from "@/cli/prices";
import { isGatewayError } from "@/server/errors";

const HELP = `Usage: npm run conduit -- <command>

  ledger verify [--json]                 compares every total with the rows that it is the sum of; 1 = one differs
  ledger rerate --from <time> --to <time> [--model <name>] [--reason <text>] [--apply]
                                         prices calls again under the prices stored now; without --apply it only tells
  prices explain <call id or request id> shows how a call's cost came about
  prices export [--format csv|json] [--all] [--out <file>]
                                         writes the prices in force and to come, or with --all every version
  prices import <file> [--format csv|json]
                                         reads prices; what differs from those in force becomes an own price
  prices refresh                         looks up every price that is not an own one in the price library

The database is the one of DATABASE_URL, else the one in CONDUIT_DATA_DIR, whether the server runs or not.
`;

/** Commands give the process's exit code: 0, or 1 where what they looked at is not as it should be. */
async function main([noun, ...args]: string[]): Promise<number> {
  switch (noun) {
    case "ledger":
      return ledger(args);
    case "prices":
      return prices(args);
    default:
      process.stdout.write(HELP);
      return noun === undefined || noun === "help" || noun === "--help" ? 0 : 2;
  }
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(`${message}\n`);
    // Wrong arguments are told apart from what went wrong.
    process.exitCode = isGatewayError(error) || error instanceof TypeError ? 2 : 3;
  },
);
