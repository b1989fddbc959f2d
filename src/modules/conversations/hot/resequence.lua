-- Replaces the end of the list: PostgreSQL has other messages at these seqs, and keeps them. Does nothing if anybody has changed the conversation since.
-- KEYS: header, messages, ids, due
-- ARGV: conversationId, seq and changes as they were read, messages to keep at the beginning of the list, those that follow (JSON array of JSON texts),
--   their ids (JSON array messageId, seq …), fields of the header (JSON object), due at (ms)
-- Returns 1 if it was done
local at = redis.call('HMGET', KEYS[1], 'seq', 'changes')
if at[1] ~= ARGV[2] or at[2] ~= ARGV[3] then return 0 end
if ARGV[4] == '0' then redis.call('DEL', KEYS[2]) else redis.call('LTRIM', KEYS[2], 0, ARGV[4] - 1) end

-- unpack puts everything on Lua's stack, which takes some 8000.
local function inSlices(values, write)
  for from = 1, #values, 1000 do write(unpack(values, from, math.min(from + 999, #values))) end
end
inSlices(cjson.decode(ARGV[5]), function(...) redis.call('RPUSH', KEYS[2], ...) end)
inSlices(cjson.decode(ARGV[6]), function(...) redis.call('HSET', KEYS[3], ...) end)

for field, value in pairs(cjson.decode(ARGV[7])) do redis.call('HSET', KEYS[1], field, value) end
redis.call('HINCRBY', KEYS[1], 'changes', 1)
redis.call('ZADD', KEYS[4], 'LT', ARGV[8], ARGV[1])
return 1
