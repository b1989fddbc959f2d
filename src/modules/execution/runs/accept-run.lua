-- Accepts a run: its state, its first event, its place in the conversation, and what it takes of its tenant's limits, all or nothing. The same
-- executionId again changes nothing, and whoever is refused has taken nothing.
-- KEYS: state, events, lease, waiting runs, runs, runs of the session, turns of the minute, turns of the day, conversations with a run, usage, reservations
-- ARGV: 1 executionId, 2 what to do while another run has the conversation: 'reject', 'enqueue', 'interrupt' or 'rollback',
--   3 runs that may wait at the most, 4 request to cancel the other run (JSON) for the last two, 5 now (ms), 6 look after it at (ms),
--   7 time to live (s), 8 at (ISO-8601), 9 data of the first event (JSON), 10 conversationId, 11 limits by name (JSON), 12 tokens and
--   13 cost that it may use at the most, 14 usage is read again after (ms), 15 … field, value, … of the state
-- Returns { 'claimed', rates, is usage old }, { 'waiting', rates, is usage old, executionId of the active run, place in line, executionId of the run
--   that was to take its place before this one or nothing }, { 'known' } if it was accepted before, { 'busy' or 'full', executionId of the active run },
--   { 'limited', name of the limit, what it has, ms until its window ends or what is reserved }, { 'unread' } if a budget counts and usage is not known.
--   rates: of minute and day how many turns, and ms until the window ends
if redis.call('EXISTS', KEYS[1]) == 1 then return { 'known' } end
local id, policy = ARGV[1], ARGV[2]
local holder = redis.call('HGET', KEYS[3], 'executionId')
local waits = holder and holder ~= id
if waits then
  if policy == 'reject' then return { 'busy', holder } end
  if redis.call('LLEN', KEYS[4]) >= tonumber(ARGV[3]) then return { 'full', holder } end
end

local limits = cjson.decode(ARGV[11])
local windows = { { 'requestsPerDay', KEYS[8], 86400000 }, { 'requestsPerMinute', KEYS[7], 60000 } }
for _, window in ipairs(windows) do
  local taken = limits[window[1]] and tonumber(redis.call('GET', window[2]) or 0)
  if taken and taken >= limits[window[1]] then return { 'limited', window[1], taken, redis.call('PTTL', window[2]) } end
end
-- Whoever waits takes the place of the run that he waits for.
if limits.concurrentRuns and not waits then
  local running = redis.call('SCARD', KEYS[9])
  if running >= limits.concurrentRuns then return { 'limited', 'concurrentRuns', running } end
end
local used = redis.call('HMGET', KEYS[10], 'day', 'month', 'dayTokens', 'dayCost', 'monthTokens', 'monthCost', 'reservedTokens', 'reservedCost', 'readAt')
local today, month = string.sub(ARGV[8], 1, 10), string.sub(ARGV[8], 1, 7)
local budgets = {
  { 'tokensPerDay', 3, 7, 12, today > (used[1] or '') }, { 'tokensPerMonth', 5, 7, 12, month > (used[2] or '') },
  { 'costMicrosPerDay', 4, 8, 13, today > (used[1] or '') }, { 'costMicrosPerMonth', 6, 8, 13, month > (used[2] or '') },
}
for _, budget in ipairs(budgets) do
  local limit = limits[budget[1]]
  if limit then
    if not used[1] then return { 'unread' } end
    local spent, reserved = budget[5] and 0 or tonumber(used[budget[2]]), tonumber(used[budget[3]])
    if spent + reserved + tonumber(ARGV[budget[4]]) > limit then return { 'limited', budget[1], spent, reserved } end
  end
end

local rates = {}
for i, window in ipairs(windows) do
  if limits[window[1]] then
    local taken = redis.call('INCR', window[2])
    if taken == 1 then redis.call('PEXPIRE', window[2], window[3]) end
    rates[5 - 2 * i], rates[6 - 2 * i] = taken, redis.call('PTTL', window[2])
  else
    rates[5 - 2 * i], rates[6 - 2 * i] = 0, 0
  end
end
if used[1] then
  redis.call('HSET', KEYS[11], id, ARGV[12] .. ' ' .. ARGV[13])
  redis.call('HINCRBY', KEYS[10], 'reservedTokens', ARGV[12])
  redis.call('HINCRBY', KEYS[10], 'reservedCost', ARGV[13])
end
-- Only one of many asks for it to be read again.
local isOld = (not used[1] or tonumber(ARGV[5]) - tonumber(used[9]) > tonumber(ARGV[14])) and 1 or 0
if used[1] and isOld == 1 then redis.call('HSET', KEYS[10], 'readAt', ARGV[5]) end

redis.call('HSET', KEYS[1], 'lastEventSeq', 1, unpack(ARGV, 15))
redis.call('XADD', KEYS[2], '1-0', 'type', 'execution.queued', 'data', ARGV[9], 'at', ARGV[8])
redis.call('EXPIRE', KEYS[1], ARGV[7])
redis.call('EXPIRE', KEYS[2], ARGV[7])
redis.call('ZADD', KEYS[5], ARGV[6], id)
-- Nobody may ever come for the runs of a session: the newest 50 stay, and for 24 hours.
redis.call('ZADD', KEYS[6], ARGV[5], id)
redis.call('ZREMRANGEBYSCORE', KEYS[6], 0, ARGV[5] - 86400000)
redis.call('ZREMRANGEBYRANK', KEYS[6], 0, -51)
redis.call('EXPIRE', KEYS[6], 86400)
-- Only a wake-up: who listens to the session looks at its runs. The channel is the key's own name.
redis.call('PUBLISH', KEYS[6], id)

if not waits then
  redis.call('HSET', KEYS[3], 'executionId', id, 'token', '')
  redis.call('SADD', KEYS[9], ARGV[10])
  return { 'claimed', rates, isOld }
end
if policy == 'enqueue' then return { 'waiting', rates, isOld, holder, redis.call('RPUSH', KEYS[4], id) } end
redis.call('LPUSH', KEYS[4], id)
redis.call('HSETNX', KEYS[3], 'cancel', ARGV[4])
local before = redis.call('HGET', KEYS[3], 'heirId')
redis.call('HSET', KEYS[3], 'heirId', id)
return { 'waiting', rates, isOld, holder, 1, before }
