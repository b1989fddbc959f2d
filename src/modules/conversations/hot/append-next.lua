-- Appends one message to an active conversation in which nothing else changes: most appends. `append.lua` does every other one.
-- KEYS: header, messages, ids    ARGV: messageId, message (JSON without seq), tokens, now (ms), messages at the most or nothing
-- Returns its seq, or false if this is for `append.lua`
local call = redis.call
local at = call('HMGET', KEYS[1], 'status', 'seq', 'archivedSeq', 'tokenCount')
-- The first message that PostgreSQL lacks makes the conversation due.
if at[1] ~= 'active' or at[2] == at[3] then return false end
local seq = at[2] + 1
if ARGV[5] and seq > tonumber(ARGV[5]) then return false end
if call('HSETNX', KEYS[3], ARGV[1], seq) == 0 then return false end
call('HSET', KEYS[1], 'seq', seq, 'tokenCount', at[4] + ARGV[3], 'lastMessageAt', ARGV[4])
call('RPUSH', KEYS[2], ARGV[2])
return seq
