import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { env } from "@/server/env";
import { log } from "@/server/log";
import { channelName, listenToRedis } from "@/server/redis";
import { singleton } from "@/server/singleton";
import { runScript, script } from "@/server/state/redis-script";
import { adopt, adoptRelease, Condition, conditionOf, worthMs } from "@/server/state/route-condition";
import { forget, onRouteChange, passable, routes } from "@/server/state/route-health";

/**
 * Tells the other processes over Redis what changes of the ways to upstreams, and takes over what they tell. Calls never wait for it:
 * each decides by what this process knows. While Redis is away each process learns for itself; what changed meanwhile is told after.
 */

const CHANNEL = "routes";
/** What stands of each route, for processes that begin to listen, and when it is of no use any more. */
const KEYS = ["{routes}:conditions", "{routes}:ends"];
/** How long a Redis that takes nothing is left alone. */
const AGAIN_MS = 250;

const Message = z.object({
  from: z.string(),
  id: z.string(),
  reset: z.boolean(),
  /** How long before it was told this came about. */
  agoMs: z.number(),
  /** Absent: it is simply in service. */
  condition: Condition.optional(),
});
type Message = z.infer<typeof Message>;

type Held = {
  readonly self: string;
  /** Routes that others have not been told of, and whether they were reset. */
  readonly untold: Map<string, boolean>;
  /** When the last that is known of a route came about, here or elsewhere, on this process's clock. */
  readonly changed: Map<string, number>;
  /** Routes heard of since listening began anew, while what stood before is not read yet; undefined once it is. */
  heard: Set<string> | undefined;
  caughtUp: boolean;
  working: boolean;
};

const held = singleton(
  "route-sharing",
  (): Held => ({
    self: randomUUID(),
    untold: new Map(),
    changed: new Map(),
    heard: undefined,
    caughtUp: false,
    working: false,
  }),
);

/** A process that starts waits so long for what others know, and begins without it where it does not come. */
const START_MS = 250;

/** Shares from now on, where there is Redis; what others know is known when it resolves. Gives a function that stops it. */
export async function shareRoutes(): Promise<() => void> {
  if (!env.redisUrl) return () => undefined;
  let stopped = false;
  onRouteChange((id, how) => {
    held.changed.set(id, Date.now());
    if (how === "reset" || !held.untold.has(id)) held.untold.set(id, how === "reset");
    soon();
  });
  listenToRedis(CHANNEL, {
    onMessage: (text) => {
      if (!stopped) hear(text);
    },
    onListening: () => {
      held.heard = new Set();
      soon();
    },
  });
  for (let leftMs = START_MS; leftMs > 0 && !held.caughtUp; leftMs -= LOOK_MS) await sleep(LOOK_MS);
  return () => {
    stopped = true;
    onRouteChange(undefined);
  };
}

const LOOK_MS = 5;

/** All transitions of one turn, such as a stampede's, are told at once, and one telling at a time. */
function soon(): void {
  if (held.working) return;
  held.working = true;
  setImmediate(() => void work());
}

async function work(): Promise<void> {
  let again: () => void = soon;
  try {
    if (held.heard) await catchUp();
    if (held.untold.size > 0) await tell();
  } catch (error) {
    log.debug({ err: error }, "Routes cannot be shared over Redis now; it is tried again.");
    again = () => void setTimeout(soon, AGAIN_MS).unref();
  }
  held.working = false;
  if (held.heard || held.untold.size > 0) again();
}

async function tell(): Promise<void> {
  const batch = [...held.untold];
  held.untold.clear();
  try {
    await runScript(tellScript, KEYS, [channelName(CHANNEL), ...batch.flatMap(words)]);
  } catch (error) {
    for (const [id, reset] of batch) held.untold.set(id, reset || held.untold.get(id) === true);
    throw error;
  }
}

function words([id, reset]: [string, boolean]): (string | number)[] {
  const nowMs = Date.now();
  const condition = conditionOf(id, nowMs);
  const agoMs = nowMs - (held.changed.get(id) ?? nowMs);
  const message: Message = { from: held.self, id, reset, agoMs, condition };
  return [id, JSON.stringify(message), agoMs, Math.ceil(condition ? worthMs(condition) : RELEASE_WORTH_MS)];
}

/** A process that was away for longer than this may still think a route out of service that was put back. */
const RELEASE_WORTH_MS = 600_000;

function hear(text: string): void {
  const message = read(text);
  if (!message || message.from === held.self) return;
  held.heard?.add(message.id);
  takeOver(message, Date.now());
}

/** Undefined where it cannot be read: it is of another version. */
function read(text: string): Message | undefined {
  try {
    return Message.parse(JSON.parse(text));
  } catch (error) {
    log.debug({ err: error }, "What another process told of a route cannot be read.");
    return undefined;
  }
}

/** Takes over what was told at `toldMs`, but for a release that is older than what is known, or a condition that a later release ended. */
function takeOver({ id, reset, condition, ...message }: Message, toldMs: number): void {
  const nowMs = Date.now();
  const changedMs = toldMs - message.agoMs;
  const knownMs = held.changed.get(id) ?? 0;
  const newer = changedMs >= knownMs;
  if (!newer && !(condition && conditionOf(id, nowMs))) return;
  held.changed.set(id, Math.max(knownMs, changedMs));
  if (reset) forget(id);
  if (condition) adopt(id, condition, { nowMs, agoMs: nowMs - toldMs, newer });
  else adoptRelease(id);
}

const Standing = z.tuple([z.number(), z.array(z.string())]);

/** Learns what others know, but for what this process knows better; what Redis has lost is told again. */
async function catchUp(): Promise<void> {
  const [nowMs, flat] = Standing.parse(await runScript(standingScript, KEYS, []));
  const standing = new Set<string>();
  for (let at = 0; at + 1 < flat.length; at += 2) {
    const [, toldMs = "", text = ""] = /^(\d+) \d+ (.*)$/s.exec(flat[at + 1] ?? "") ?? [];
    const message = read(text);
    if (!message) continue;
    standing.add(message.id);
    if (message.from === held.self || held.untold.has(message.id) || held.heard?.has(message.id)) continue;
    takeOver(message, Date.now() - (nowMs - Number(toldMs)));
  }
  held.heard = undefined;
  held.caughtUp = true;
  const clock = Date.now();
  for (const route of routes())
    if (!standing.has(route.id) && !passable(route, clock) && !held.untold.has(route.id))
      held.untold.set(route.id, false);
}

const COMMON = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now)) do
  redis.call('HDEL', KEYS[1], id)
  redis.call('ZREM', KEYS[2], id)
end
`;

/** Words: the channel, then by route its id, the message, how long ago it came about, and how long it is of use, in milliseconds. */
const tellScript = script(`${COMMON}
for at = 2, #ARGV, 4 do
  local id, message, came, worth = ARGV[at], ARGV[at + 1], now - ARGV[at + 2], tonumber(ARGV[at + 3])
  local stands = string.match(redis.call('HGET', KEYS[1], id) or '', '^%d+ (%d+) ')
  if not stands or tonumber(stands) <= came then
    redis.call('HSET', KEYS[1], id, string.format('%.0f %.0f ', now, came) .. message)
    redis.call('ZADD', KEYS[2], now + worth, id)
  end
  redis.call('PUBLISH', ARGV[1], message)
end
local last = redis.call('ZRANGE', KEYS[2], -1, -1, 'WITHSCORES')
if last[2] then
  local ends = math.ceil(tonumber(last[2]) - now) + 1000
  redis.call('PEXPIRE', KEYS[1], ends)
  redis.call('PEXPIRE', KEYS[2], ends)
end
return 0
`);

/** The time, then id after id and the message about it, with the time at which it was told. */
const standingScript = script(`${COMMON}
return { now, redis.call('HGETALL', KEYS[1]) }
`);
