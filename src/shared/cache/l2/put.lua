-- Writes a value that somebody has just made: it beats every load under way.
-- KEYS: entry, lease. ARGV: generation prefix, word for new generations, write request (JSON), head, body, ttlMs of new generations, channel, message.
-- Answers the generations.
local request = cjson.decode(ARGV[3])
request.key, request.head, request.body = KEYS[1], ARGV[4], ARGV[5]
local ids = mint(ARGV[1], request.scopes, ARGV[2], ARGV[6])
write(request, ARGV[1], request.scopes, ids)
redis.call('DEL', KEYS[2])
redis.call('PUBLISH', ARGV[7], ARGV[8])
return ids
