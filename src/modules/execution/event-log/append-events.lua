-- Appends events to a run's log and changes its state with them. An ended run takes no more, nor one whose worker is another by now.
-- KEYS: state, events, lease
-- ARGV: 1 fencing token of the attempt that writes, 2 at (ISO-8601), 3 1 if a lost log must be restored first, 4 time to live of a log that is begun anew (s),
--   5 number of arguments that follow for the state: field, value, …, then for each event: type, data (JSON)
-- Returns { 'appended', seq of the last event, request to cancel the run (JSON) or '' }, { 'over' } if it had ended, { 'fenced' }, { 'lost', lastEventSeq }
local at = redis.call('HMGET', KEYS[1], 'endedAt', 'lastEventSeq')
if at[1] then return { 'over' } end
local lease = redis.call('HMGET', KEYS[3], 'token', 'cancel')
if lease[1] ~= ARGV[1] then return { 'fenced' } end
local isLost = redis.call('EXISTS', KEYS[2]) == 0
if isLost and ARGV[3] == '1' then return { 'lost', tonumber(at[2]) } end

local fields = tonumber(ARGV[5])
if fields > 0 then redis.call('HSET', KEYS[1], unpack(ARGV, 6, 5 + fields)) end
local seq = tonumber(at[2])
for i = 6 + fields, #ARGV, 2 do
  seq = seq + 1
  redis.call('XADD', KEYS[2], seq .. '-0', 'type', ARGV[i], 'data', ARGV[i + 1], 'at', ARGV[2])
end
redis.call('HSET', KEYS[1], 'lastEventSeq', seq)
if isLost then redis.call('EXPIRE', KEYS[2], ARGV[4]) end
-- Only a wake-up: readers read the log. The channel is the log's own name.
redis.call('PUBLISH', KEYS[2], seq)
return { 'appended', seq, lease[2] or '' }
