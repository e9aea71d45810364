import { script } from "@/server/state/redis-script";

/*
 * A window in Redis is what limits-window.ts is in a process: steps of `from, last, amount`, flat and packed, in microseconds of
 * Redis's own clock. Places among calls under way are sorted sets, member by member with the moment at which they lapse.
 */
const COMMON = `
local STEPS = 64
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]

local function load(key, window)
  local raw = redis.call('GET', key)
  local live, total = {}, 0
  if raw then
    local steps = cmsgpack.unpack(raw)
    for i = 1, #steps, 3 do
      if steps[i + 1] + window > now and steps[i + 2] > 0 then
        live[#live + 1] = steps[i]
        live[#live + 1] = steps[i + 1]
        live[#live + 1] = steps[i + 2]
        total = total + steps[i + 2]
      end
    end
  end
  return live, total
end

local function save(key, window, steps)
  if #steps == 0 then
    redis.call('DEL', key)
  else
    redis.call('SET', key, cmsgpack.pack(steps), 'PX', math.ceil(window / 1000) + 1000)
  end
end

local function add(steps, window, limit, amount)
  local n = #steps
  local at = now
  if n > 0 then
    at = math.max(now, steps[n - 1])
    local near = limit > STEPS and at - steps[n - 2] < window / STEPS
    if near or n >= 12 * STEPS then
      steps[n - 1] = at
      steps[n] = steps[n] + amount
      return at
    end
  end
  steps[n + 1] = at
  steps[n + 2] = at
  steps[n + 3] = amount
  return at
end
`;

/**
 * KEYS: one counter a rule. ARGV: "1" to take and "0" to look, a member, its lapse in microseconds; then for each rule its window
 * (0 = places), limit and amount. Answers whether it is admitted, the moment, and for each rule what is used, microseconds until
 * it is empty, and microseconds until the call fits (-1 = never).
 */
export const reserveScript = script(`${COMMON}
local PLACE_WAIT = 1000000
local states, answer, fits = {}, {}, true
for i, key in ipairs(KEYS) do
  local window, limit, amount = tonumber(ARGV[3 * i + 1]), tonumber(ARGV[3 * i + 2]), tonumber(ARGV[3 * i + 3])
  local used, wait = 0, 0
  if window == 0 then
    redis.call('ZREMRANGEBYSCORE', key, '-inf', now)
    used = redis.call('ZCARD', key)
    if used + amount > limit then wait = PLACE_WAIT end
  else
    local steps, total = load(key, window)
    used = total
    states[i] = steps
    if amount > limit then
      wait = -1
    elseif used + amount > limit then
      local over = used + amount - limit
      for j = 1, #steps, 3 do
        over = over - steps[j + 2]
        if over <= 0 then
          wait = math.max(1, steps[j + 1] + window - now)
          break
        end
      end
    end
  end
  if wait ~= 0 then fits = false end
  answer[3 * i] = used
  answer[3 * i + 1] = 0
  answer[3 * i + 2] = wait
end
local take = fits and ARGV[1] == '1'
for i, key in ipairs(KEYS) do
  local window, limit, amount = tonumber(ARGV[3 * i + 1]), tonumber(ARGV[3 * i + 2]), tonumber(ARGV[3 * i + 3])
  if window == 0 then
    if take then
      redis.call('ZADD', key, now + ARGV[3], ARGV[2])
      redis.call('PEXPIRE', key, math.ceil(ARGV[3] / 1000) + 1000)
    end
  else
    local steps = states[i]
    if take and amount > 0 then
      add(steps, window, limit, amount)
      answer[3 * i] = answer[3 * i] + amount
      save(key, window, steps)
    end
    if #steps > 0 then answer[3 * i + 1] = steps[#steps - 1] + window - now end
  end
end
answer[1] = fits and 1 or 0
answer[2] = now
return answer
`);

/**
 * KEYS: one counter an item. ARGV: four an item: "less", window, moment of the reservation, amount; "more", window, limit,
 * amount; "free", member, "", ""; "keep", member, lapse, "".
 */
export const correctScript = script(`${COMMON}
for i, key in ipairs(KEYS) do
  local op, a, b, c = ARGV[4 * i - 3], ARGV[4 * i - 2], ARGV[4 * i - 1], ARGV[4 * i]
  if op == 'free' then
    redis.call('ZREM', key, a)
  elseif op == 'keep' then
    redis.call('ZADD', key, now + b, a)
    redis.call('PEXPIRE', key, math.ceil(b / 1000) + 1000)
  else
    local window, amount = tonumber(a), tonumber(c)
    local steps = load(key, window)
    if op == 'more' then
      add(steps, window, tonumber(b), amount)
    else
      local at = tonumber(b)
      for j = 1, #steps, 3 do
        if steps[j] <= at and at <= steps[j + 1] then
          steps[j + 2] = steps[j + 2] - math.min(steps[j + 2], amount)
          break
        end
      end
    end
    save(key, window, steps)
  end
end
return 0
`);
