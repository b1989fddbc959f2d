-- The session's active conversation with an agent; a new one, without messages, if there is none.
-- KEYS: session, header of the new one, hot, active, due
-- ARGV: agentId, id for a new conversation, now (ms), due at (ms), its header (JSON object), active conversations at the most or ''
-- Returns { 'open', its id }, { 'created', its id } or { 'refused', 'conversations', how many are active }
local current = redis.call('HGET', KEYS[1], ARGV[1])
if current then return { 'open', current } end
-- Begun before, by the same request, and closed since.
if redis.call('EXISTS', KEYS[2]) == 1 then return { 'open', ARGV[2] } end
if ARGV[6] ~= '' then
  local active = redis.call('ZCARD', KEYS[4])
  if active >= tonumber(ARGV[6]) then return { 'refused', 'conversations', active } end
end
local fields = { 'status', 'active', 'changes', 0, 'seq', 0, 'archivedSeq', 0, 'archivedRevision', -1, 'firstHotSeq', 1, 'tokenCount', 0, 'createdAt', ARGV[3], 'lastMessageAt', ARGV[3] }
for field, value in pairs(cjson.decode(ARGV[5])) do
  fields[#fields + 1] = field
  fields[#fields + 1] = value
end
redis.call('HSET', KEYS[2], unpack(fields))
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2], '~' .. ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[3], ARGV[3], ARGV[2])
redis.call('ZADD', KEYS[4], ARGV[3], ARGV[2])
redis.call('ZADD', KEYS[5], ARGV[4], ARGV[2])
return { 'created', ARGV[2] }
