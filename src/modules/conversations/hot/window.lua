-- The newest messages, without those that the caller has already.
-- KEYS: header, messages, ids    ARGV: seq and messageId of the newest message that the caller has, or 0 and ''; newest messages wanted
-- Returns { 1 if it goes on where the caller is or 0 if he has to begin anew, seqs of the system messages, first seq wanted, seq of the first message, messages },
--   or false if the conversation is not hot
local at = redis.call('HMGET', KEYS[1], 'status', 'seq', 'firstHotSeq', 'systemSeqs')
if not at[1] or at[1] == 'deleted' then return false end
local seq, oldest = tonumber(at[2]), tonumber(at[3])
local wanted = math.max(1, seq - tonumber(ARGV[3]) + 1)
local known = tonumber(ARGV[1])
local goesOn = known >= wanted - 1 and known <= seq and redis.call('HGET', KEYS[3], ARGV[2]) == ARGV[1]
local first = goesOn and known + 1 or wanted
local from = math.max(first, oldest)
local messages = from <= seq and redis.call('LRANGE', KEYS[2], from - oldest, -1) or {}
return { goesOn and 1 or 0, at[4] or '', first, from, messages }
