-- Appends one message. The same messageId again is the same append.
-- KEYS: header, messages, ids, hot, due
-- ARGV: conversationId, messageId, message (JSON without seq), tokens, now (ms), due at (ms), header of a new conversation (JSON object) or '', 1 if the message opens a closed conversation again
-- Returns { seq, 1 if appended or 0 if it was there, the status before if the conversation was closed or '' }, or false if the conversation is not hot
local seq = redis.call('HGET', KEYS[3], ARGV[2])
if seq then return { tonumber(seq), 0, '' } end

local status = redis.call('HGET', KEYS[1], 'status')
if not status then
  if ARGV[7] == '' then return false end
  for field, value in pairs(cjson.decode(ARGV[7])) do redis.call('HSET', KEYS[1], field, value) end
  redis.call('HSET', KEYS[1], 'status', 'active', 'revision', 0, 'seq', 0, 'archivedSeq', 0, 'firstHotSeq', 1, 'messageCount', 0, 'tokenCount', 0, 'createdAt', ARGV[5])
elseif status ~= 'active' and ARGV[8] == '1' then
  redis.call('HSET', KEYS[1], 'status', 'active')
  redis.call('HDEL', KEYS[1], 'closedAt')
elseif status == 'transferred' then
  -- The answer of a run that was under way at the close: still closed, but not all of it is in PostgreSQL any more.
  redis.call('HSET', KEYS[1], 'status', 'completed')
end
local closed = ''
if status and status ~= 'active' then closed = status end

seq = redis.call('HINCRBY', KEYS[1], 'seq', 1)
redis.call('HINCRBY', KEYS[1], 'revision', 1)
redis.call('HINCRBY', KEYS[1], 'messageCount', 1)
redis.call('HINCRBY', KEYS[1], 'tokenCount', ARGV[4])
redis.call('HSET', KEYS[1], 'lastMessageAt', ARGV[5])
redis.call('RPUSH', KEYS[2], ARGV[3])
redis.call('HSET', KEYS[3], ARGV[2], seq)
redis.call('ZADD', KEYS[4], ARGV[5], ARGV[1])
redis.call('ZADD', KEYS[5], 'LT', ARGV[6], ARGV[1])
return { seq, 1, closed }
