-- Completes a conversation and schedules its move. Repeating it changes nothing.
-- KEYS: header, session, due    ARGV: conversationId, agentId, now (ms), due at (ms)
-- Returns 1 if it was active
if redis.call('HGET', KEYS[2], ARGV[2]) == ARGV[1] then redis.call('HDEL', KEYS[2], ARGV[2]) end
if redis.call('HGET', KEYS[1], 'status') ~= 'active' then return 0 end
redis.call('HSET', KEYS[1], 'status', 'completed', 'closedAt', ARGV[3])
redis.call('HINCRBY', KEYS[1], 'revision', 1)
redis.call('ZADD', KEYS[3], 'LT', ARGV[4], ARGV[1])
return 1
