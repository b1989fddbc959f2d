#!lua flags=allow-oom
-- Takes old messages out of Redis: those that PostgreSQL has and that are not among the newest.
-- KEYS: header, messages    ARGV: newest messages to keep
-- Returns how many were taken out
local at = redis.call('HMGET', KEYS[1], 'seq', 'archivedSeq', 'firstHotSeq')
if not at[1] then return 0 end
local first = math.min(tonumber(at[2]), tonumber(at[1]) - tonumber(ARGV[1])) + 1
local count = first - tonumber(at[3])
if count <= 0 then return 0 end
redis.call('LTRIM', KEYS[2], count, -1)
redis.call('HSET', KEYS[1], 'firstHotSeq', first)
return count
