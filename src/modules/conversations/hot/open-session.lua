-- The session's active conversation with an agent, made if there is none.
-- KEYS: session    ARGV: agentId, id for a new conversation
-- Returns its id
local current = redis.call('HGET', KEYS[1], ARGV[1])
if current then return current end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return ARGV[2]
