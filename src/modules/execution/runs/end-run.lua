-- Ends a run, once: its last events, its state, what it has really used, and the conversation goes to the run that waits for it.
-- KEYS: state, events, lease, waiting runs, conversations with a run, usage, reservations
-- ARGV: 1 executionId, 2 fencing token of the attempt that ends it or '', 3 status that it must have or '', 4 at (ISO-8601),
--   5 1 if a lost log must be restored first, 6 time to live of a log that is begun anew (s), 7 conversationId, 8 tokens used, 9 what they cost,
--   10 number of arguments that follow for the state: field, value, …, then for each event: type, data (JSON)
-- Returns { 'ended', executionId of the run that has the conversation now or '' }, { 'over' } if it had ended, { 'fenced' },
--   { 'status', the one that it has }, { 'lost', lastEventSeq }, { 'unknown' }
local at = redis.call('HMGET', KEYS[1], 'status', 'endedAt', 'lastEventSeq')
if not at[1] then return { 'unknown' } end
if at[2] then return { 'over' } end
local id = ARGV[1]
local lease = redis.call('HMGET', KEYS[3], 'executionId', 'token')
if ARGV[2] ~= '' and lease[2] ~= ARGV[2] then return { 'fenced' } end
if ARGV[3] ~= '' and at[1] ~= ARGV[3] then return { 'status', at[1] } end
local isLost = redis.call('EXISTS', KEYS[2]) == 0
if isLost and ARGV[5] == '1' then return { 'lost', tonumber(at[3]) } end

local fields = tonumber(ARGV[10])
redis.call('HSET', KEYS[1], unpack(ARGV, 11, 10 + fields))
redis.call('HDEL', KEYS[1], 'action')
local seq = tonumber(at[3])
for i = 11 + fields, #ARGV, 2 do
  seq = seq + 1
  redis.call('XADD', KEYS[2], seq .. '-0', 'type', ARGV[i], 'data', ARGV[i + 1], 'at', ARGV[4])
end
redis.call('HSET', KEYS[1], 'lastEventSeq', seq)
if isLost then redis.call('EXPIRE', KEYS[2], ARGV[6]) end

-- While Redis does not know the usage there is nothing to add to: it is read from PostgreSQL, which has this run by then.
local counted = redis.call('HMGET', KEYS[6], 'day', 'month')
if counted[1] then
  local reserved = redis.call('HGET', KEYS[7], id)
  if reserved then
    local tokens, cost = string.match(reserved, '(%d+) (%d+)')
    redis.call('HDEL', KEYS[7], id)
    redis.call('HINCRBY', KEYS[6], 'reservedTokens', 0 - tokens)
    redis.call('HINCRBY', KEYS[6], 'reservedCost', 0 - cost)
  end
  local today, month = string.sub(ARGV[4], 1, 10), string.sub(ARGV[4], 1, 7)
  if today > counted[1] then redis.call('HSET', KEYS[6], 'day', today, 'dayTokens', 0, 'dayCost', 0) end
  if month > counted[2] then redis.call('HSET', KEYS[6], 'month', month, 'monthTokens', 0, 'monthCost', 0) end
  for _, period in ipairs({ 'day', 'month' }) do
    redis.call('HINCRBY', KEYS[6], period .. 'Tokens', ARGV[8])
    redis.call('HINCRBY', KEYS[6], period .. 'Cost', ARGV[9])
  end
end

local next = ''
redis.call('LREM', KEYS[4], 0, id)
if lease[1] == id then
  redis.call('DEL', KEYS[3])
  next = redis.call('LPOP', KEYS[4]) or ''
  if next ~= '' then
    redis.call('HSET', KEYS[3], 'executionId', next, 'token', '')
  else
    redis.call('SREM', KEYS[5], ARGV[7])
  end
elseif not lease[1] then
  -- The lease was lost, or erased: nobody has the conversation.
  redis.call('SREM', KEYS[5], ARGV[7])
end
redis.call('PUBLISH', KEYS[2], seq)
return { 'ended', next }
