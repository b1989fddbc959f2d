-- Appends events to an execution's log and changes its state with them. An ended execution takes no more: one terminal event, once.
-- KEYS: state, events
-- ARGV: time to live from the first event on (s), at (ISO-8601), number of arguments that follow for the state: field, value, …, then for each event: type, data (JSON)
-- Returns the seq of the last event, or false if the execution had ended
if redis.call('HEXISTS', KEYS[1], 'endedAt') == 1 then return false end
local fields = tonumber(ARGV[3])
if fields > 0 then redis.call('HSET', KEYS[1], unpack(ARGV, 4, 3 + fields)) end
local first = 4 + fields
local count = (#ARGV - first + 1) / 2
local seq = redis.call('HINCRBY', KEYS[1], 'lastEventSeq', count)
for i = 0, count - 1 do
  redis.call('XADD', KEYS[2], (seq - count + 1 + i) .. '-0', 'type', ARGV[first + 2 * i], 'data', ARGV[first + 2 * i + 1], 'at', ARGV[2])
end
if seq == count then
  redis.call('EXPIRE', KEYS[1], ARGV[1])
  redis.call('EXPIRE', KEYS[2], ARGV[1])
end
-- Only a wake-up: readers read the log. The channel is the log's own name.
redis.call('PUBLISH', KEYS[2], seq)
return seq
