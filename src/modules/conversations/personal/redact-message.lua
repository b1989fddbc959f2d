-- Takes what was said out of one message of a hot conversation; it keeps its place, its id and its role.
-- KEYS: header, messages, ids    ARGV: messageId, the message as it is from now on (JSON)
-- Returns 1 if it was changed, 0 if it is not in Redis, or says nothing any more
local seq = redis.call('HGET', KEYS[3], ARGV[1])
local first = redis.call('HGET', KEYS[1], 'firstHotSeq')
if not seq or not first or tonumber(seq) < tonumber(first) then return 0 end
local place = tonumber(seq) - tonumber(first)
local known = redis.call('LINDEX', KEYS[2], place)
if not known or known == ARGV[2] then return 0 end
redis.call('LSET', KEYS[2], place, ARGV[2])
return 1
