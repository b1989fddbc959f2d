-- Changes a conversation's header, if it still is as the caller believes, and has the change moved to PostgreSQL.
-- KEYS: header, session that it is in afterwards, session that it is in now, active, due
-- ARGV: 1 conversationId, 2 agentId, 3 fields to set (JSON object), 4 'enter' or 'leave' the session or '', 5 now (ms), 6 due at (ms),
--   and '' for any: 7 status that it must have, 8 last message at the latest (ms), 9 active conversations at the most,
--   10 session that it is in now; only who enters or leaves has to know it,
--   11 revision of a transferred conversation of which PostgreSQL was told that it goes on
-- Returns { 'changed', conversation that the session has left for this one or '' }, { 'refused', reason, what stands against it },
--   or false if the conversation is not hot
local at = redis.call('HMGET', KEYS[1], 'status', 'lastMessageAt', 'sessionId', 'seq', 'changes')
if not at[1] then return false end
if ARGV[7] ~= '' and at[1] ~= ARGV[7] then return { 'refused', 'status', at[1] } end
if ARGV[8] ~= '' and tonumber(at[2]) > tonumber(ARGV[8]) then return { 'refused', 'busy', at[2] } end
if ARGV[4] ~= '' and at[3] ~= ARGV[10] then return { 'refused', 'session', at[3] } end

local left = ''
if ARGV[4] == 'enter' then
  local current = redis.call('HGET', KEYS[2], ARGV[2])
  if current and current ~= ARGV[1] then left = current end
  if ARGV[9] ~= '' and at[1] ~= 'active' then
    local active = redis.call('ZCARD', KEYS[4]) - (left ~= '' and 1 or 0)
    if active >= tonumber(ARGV[9]) then return { 'refused', 'conversations', active } end
  end
  -- PostgreSQL is taken for whole while Redis is away: it has to know first.
  local revision = at[5] + at[4]
  if at[1] == 'transferred' and tonumber(ARGV[11]) ~= revision then return { 'refused', 'transferred', revision } end
end
if ARGV[4] ~= '' and redis.call('HGET', KEYS[3], ARGV[2]) == ARGV[1] then redis.call('HDEL', KEYS[3], ARGV[2]) end
if ARGV[4] == 'enter' then
  -- The session before forgets it, unless it is this one.
  if redis.call('HGET', KEYS[3], '~' .. ARGV[2]) == ARGV[1] then redis.call('HDEL', KEYS[3], '~' .. ARGV[2]) end
  redis.call('HSET', KEYS[2], ARGV[2], ARGV[1], '~' .. ARGV[2], ARGV[1])
  redis.call('ZADD', KEYS[4], 'NX', ARGV[5], ARGV[1])
elseif ARGV[4] == 'leave' then
  redis.call('ZREM', KEYS[4], ARGV[1])
end

local fields = {}
for field, value in pairs(cjson.decode(ARGV[3])) do
  fields[#fields + 1] = field
  fields[#fields + 1] = value
end
redis.call('HSET', KEYS[1], unpack(fields))
redis.call('HINCRBY', KEYS[1], 'changes', 1)
redis.call('ZADD', KEYS[5], 'LT', ARGV[6], ARGV[1])
return { 'changed', left }
