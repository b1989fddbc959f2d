-- Brings an archived conversation back: its header, the tail of its messages and all its message ids. Does nothing if it is hot.
-- KEYS: header, messages, ids, hot, due
-- ARGV: conversationId, header (JSON object), tail (JSON array of messages as JSON texts), ids (JSON object messageId → seq), last message at (ms), release at (ms)
-- Returns 1 if it was brought back
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
for field, value in pairs(cjson.decode(ARGV[2])) do redis.call('HSET', KEYS[1], field, value) end
redis.call('DEL', KEYS[2], KEYS[3])
for _, message in ipairs(cjson.decode(ARGV[3])) do redis.call('RPUSH', KEYS[2], message) end
for id, seq in pairs(cjson.decode(ARGV[4])) do redis.call('HSET', KEYS[3], id, seq) end
redis.call('ZADD', KEYS[4], ARGV[5], ARGV[1])
redis.call('ZADD', KEYS[5], ARGV[6], ARGV[1])
return 1
