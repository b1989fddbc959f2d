-- Brings an archived conversation back: its header, the tail of its messages and all its message ids. Does nothing if it is hot,
-- or if it has left once more since PostgreSQL was read: what was read is old, or deleted by now.
-- KEYS: header, messages, ids, hot, active, due, left
-- ARGV: conversationId, header (JSON object), tail (JSON array of messages as JSON texts), ids (JSON array messageId, seq, messageId, seq …), release at (ms),
--   when it had left last before PostgreSQL was read, or ''
-- Returns 1 if it was brought back
if redis.call('EXISTS', KEYS[1]) == 1 or (redis.call('GET', KEYS[7]) or '') ~= ARGV[6] then return 0 end
local header = cjson.decode(ARGV[2])
for field, value in pairs(header) do redis.call('HSET', KEYS[1], field, value) end
redis.call('DEL', KEYS[2], KEYS[3])

-- unpack puts everything on Lua's stack, which takes some 8000.
local function inSlices(values, write)
  for from = 1, #values, 1000 do write(unpack(values, from, math.min(from + 999, #values))) end
end
inSlices(cjson.decode(ARGV[3]), function(...) redis.call('RPUSH', KEYS[2], ...) end)
inSlices(cjson.decode(ARGV[4]), function(...) redis.call('HSET', KEYS[3], ...) end)

redis.call('ZADD', KEYS[4], header.createdAt, ARGV[1])
if header.status == 'active' then redis.call('ZADD', KEYS[5], header.lastMessageAt, ARGV[1]) end
redis.call('ZADD', KEYS[6], ARGV[5], ARGV[1])
return 1
