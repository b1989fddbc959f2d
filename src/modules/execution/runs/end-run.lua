-- Ends a run, once: its last events, its state, and the conversation goes to the run that waits for it.
-- KEYS: state, events, lease, waiting runs
-- ARGV: 1 executionId, 2 fencing token of the attempt that ends it or '', 3 status that it must have or '', 4 at (ISO-8601),
--   5 1 if a lost log must be restored first, 6 time to live of a log that is begun anew (s),
--   7 number of arguments that follow for the state: field, value, …, then for each event: type, data (JSON)
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

local fields = tonumber(ARGV[7])
redis.call('HSET', KEYS[1], unpack(ARGV, 8, 7 + fields))
redis.call('HDEL', KEYS[1], 'action')
local seq = tonumber(at[3])
for i = 8 + fields, #ARGV, 2 do
  seq = seq + 1
  redis.call('XADD', KEYS[2], seq .. '-0', 'type', ARGV[i], 'data', ARGV[i + 1], 'at', ARGV[4])
end
redis.call('HSET', KEYS[1], 'lastEventSeq', seq)
if isLost then redis.call('EXPIRE', KEYS[2], ARGV[6]) end

local next = ''
redis.call('LREM', KEYS[4], 0, id)
if lease[1] == id then
  redis.call('DEL', KEYS[3])
  next = redis.call('LPOP', KEYS[4]) or ''
  if next ~= '' then redis.call('HSET', KEYS[3], 'executionId', next, 'token', '') end
end
redis.call('PUBLISH', KEYS[2], seq)
return { 'ended', next }
