-- Appends events to an execution's log and changes its state with them. An ended execution takes no more: one terminal event, once.
-- KEYS: state, events
-- ARGV: time to live (s), state to set (JSON object), at (ISO-8601), then for each event: type, data (JSON)
-- Returns the seq of the last event, or false if the execution had ended
if redis.call('HEXISTS', KEYS[1], 'endedAt') == 1 then return false end
for field, value in pairs(cjson.decode(ARGV[2])) do redis.call('HSET', KEYS[1], field, value) end
local seq = 0
for i = 4, #ARGV, 2 do
  seq = redis.call('HINCRBY', KEYS[1], 'lastEventSeq', 1)
  redis.call('XADD', KEYS[2], seq .. '-0', 'type', ARGV[i], 'data', ARGV[i + 1], 'at', ARGV[3])
end
redis.call('EXPIRE', KEYS[1], ARGV[1])
redis.call('EXPIRE', KEYS[2], ARGV[1])
-- Only a wake-up: readers read the log. The channel is the log's own name.
redis.call('PUBLISH', KEYS[2], seq)
return seq
