-- A worker begins a run, for the first time or because the worker before was lost: a new attempt with a new fencing token.
-- KEYS: state, events, lease, waiting runs, runs, conversations with a run
-- ARGV: 1 executionId, 2 now (ms), 3 at (ISO-8601), 4 look after it at (ms), 5 attempts at the most that neither ended nor were given back,
--   6 conversationId
-- Returns { 'begun', attempt }, { 'unknown' }, { 'ended' }, { 'waiting' } while another run has the conversation,
--   { 'cancelled', request (JSON) }, { 'exhausted', attempts }
local at = redis.call('HMGET', KEYS[1], 'status', 'endedAt', 'attempt', 'lostAttempts', 'agentId')
if not at[1] then return { 'unknown' } end
if at[2] then return { 'ended' } end
local id = ARGV[1]
local lease = redis.call('HMGET', KEYS[3], 'executionId', 'cancel')
if lease[1] and lease[1] ~= id then
  if not redis.call('LPOS', KEYS[4], id) then redis.call('RPUSH', KEYS[4], id) end
  return { 'waiting' }
end
if lease[1] and lease[2] then
  -- A worker that was thought lost may come back: nothing that it does from now on counts.
  redis.call('HSET', KEYS[3], 'token', id .. ':cancelled')
  return { 'cancelled', lease[2] }
end
local lost = tonumber(at[4]) or 0
if lost >= tonumber(ARGV[5]) then return { 'exhausted', lost } end
local attempt = (tonumber(at[3]) or 0) + 1

redis.call('LREM', KEYS[4], 0, id)
redis.call('HSET', KEYS[3], 'executionId', id, 'token', id .. ':' .. attempt)
redis.call('SADD', KEYS[6], ARGV[6])
local seq = redis.call('HINCRBY', KEYS[1], 'lastEventSeq', 1)
redis.call('HSET', KEYS[1], 'status', 'running', 'attempt', attempt, 'lostAttempts', lost + 1, 'startedAt', ARGV[2])
local isLost = redis.call('EXISTS', KEYS[2]) == 0
-- Of a log that was lost before the first beginning everything is known.
if isLost and seq == 2 then redis.call('XADD', KEYS[2], '1-0', 'type', 'execution.queued', 'data', cjson.encode({ agentId = at[5] }), 'at', ARGV[3]) end
redis.call('XADD', KEYS[2], seq .. '-0', 'type', 'execution.started', 'data', '{"attempt":' .. attempt .. '}', 'at', ARGV[3])
local left = redis.call('PTTL', KEYS[1])
if isLost and left > 0 then redis.call('PEXPIRE', KEYS[2], left) end
redis.call('ZADD', KEYS[5], ARGV[4], id)
redis.call('PUBLISH', KEYS[2], seq)
return { 'begun', attempt }
