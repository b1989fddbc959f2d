-- Accepts a run: its state, its first event, and its place in the conversation, all or nothing. The same executionId again changes nothing.
-- KEYS: state, events, lease, waiting runs, runs, runs of the session
-- ARGV: 1 executionId, 2 what to do while another run has the conversation: 'reject', 'enqueue', 'interrupt' or 'rollback',
--   3 runs that may wait at the most, 4 request to cancel the other run (JSON) for the last two, 5 now (ms), 6 look after it at (ms),
--   7 time to live (s), 8 at (ISO-8601), 9 data of the first event (JSON), 10 … field, value, … of the state
-- Returns { 'claimed' }, { 'waiting', executionId of the active run, place in line, executionId of the run that was to take its place before this one or nothing },
--   { 'known' } if it was accepted before, { 'busy' or 'full', executionId of the active run }
if redis.call('EXISTS', KEYS[1]) == 1 then return { 'known' } end
local id, policy = ARGV[1], ARGV[2]
local holder = redis.call('HGET', KEYS[3], 'executionId')
local waits = holder and holder ~= id
if waits then
  if policy == 'reject' then return { 'busy', holder } end
  if redis.call('LLEN', KEYS[4]) >= tonumber(ARGV[3]) then return { 'full', holder } end
end

redis.call('HSET', KEYS[1], 'lastEventSeq', 1, unpack(ARGV, 10))
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
  return { 'claimed' }
end
if policy == 'enqueue' then return { 'waiting', holder, redis.call('RPUSH', KEYS[4], id) } end
redis.call('LPUSH', KEYS[4], id)
redis.call('HSETNX', KEYS[3], 'cancel', ARGV[4])
local before = redis.call('HGET', KEYS[3], 'heirId')
redis.call('HSET', KEYS[3], 'heirId', id)
return { 'waiting', holder, 1, before }
