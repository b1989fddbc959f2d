-- Appends one message. The same messageId again is the same append.
-- KEYS: header, messages, ids, hot, due
-- ARGV: conversationId, messageId, message (JSON without seq), tokens, now (ms), due at (ms), header of a new conversation (JSON object) or ''
-- Returns { seq, 1 if appended or 0 if it was there }, or false if the conversation is not hot
local seq = redis.call('HGET', KEYS[3], ARGV[2])
if seq then return { tonumber(seq), 0 } end

local status = redis.call('HGET', KEYS[1], 'status')
if not status then
  if ARGV[7] == '' then return false end
  for field, value in pairs(cjson.decode(ARGV[7])) do redis.call('HSET', KEYS[1], field, value) end
  redis.call('HSET', KEYS[1], 'status', 'active', 'seq', 0, 'archivedSeq', 0, 'firstHotSeq', 1, 'messageCount', 0, 'tokenCount', 0, 'createdAt', ARGV[5])
elseif status ~= 'active' then
  redis.call('HSET', KEYS[1], 'status', 'active')
  redis.call('HDEL', KEYS[1], 'closedAt')
end

seq = redis.call('HINCRBY', KEYS[1], 'seq', 1)
redis.call('HINCRBY', KEYS[1], 'messageCount', 1)
redis.call('HINCRBY', KEYS[1], 'tokenCount', ARGV[4])
redis.call('HSET', KEYS[1], 'lastMessageAt', ARGV[5])
redis.call('RPUSH', KEYS[2], ARGV[3])
redis.call('HSET', KEYS[3], ARGV[2], seq)
redis.call('ZADD', KEYS[4], ARGV[5], ARGV[1])
redis.call('ZADD', KEYS[5], 'LT', ARGV[6], ARGV[1])
return { seq, 1 }
