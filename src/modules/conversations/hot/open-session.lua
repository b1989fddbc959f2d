-- The session's active conversation with an agent; a new one, without messages, if there is none.
-- KEYS: session, header of the new one, hot, due
-- ARGV: agentId, id for a new conversation, now (ms), due at (ms), its header (JSON object), or '' if the conversation exists and only becomes the session's
-- Returns its id
local current = redis.call('HGET', KEYS[1], ARGV[1])
if current then return current end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
if ARGV[5] ~= '' then
  for field, value in pairs(cjson.decode(ARGV[5])) do redis.call('HSET', KEYS[2], field, value) end
  redis.call('HSET', KEYS[2], 'status', 'active', 'revision', 0, 'seq', 0, 'archivedSeq', 0, 'firstHotSeq', 1, 'messageCount', 0, 'tokenCount', 0, 'createdAt', ARGV[3], 'lastMessageAt', ARGV[3])
  redis.call('ZADD', KEYS[3], ARGV[3], ARGV[2])
  redis.call('ZADD', KEYS[4], ARGV[4], ARGV[2])
end
return ARGV[2]
