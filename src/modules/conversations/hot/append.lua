-- Appends one message. The same messageId again is the same append. Most appends are plain: `append-next.lua` does those.
-- KEYS: header, messages, ids, hot, active, due, unarchived, session, lease, left, session that a closed conversation is in as the caller knows it
-- ARGV: 1 conversationId, 2 messageId, 3 message (JSON without seq), 4 tokens, 5 role, 6 now (ms), 7 due at (ms), 8 sessionId,
--   and '' for none: 9 header of a new conversation (JSON object), 10 active conversations at the most, 11 messages at the most,
--   12 fencing token of the run that appends, 13 seq of the newest message as the caller knows it,
--   14 when the conversation had left last before PostgreSQL was found to have none, or ''; counts only with 9,
--   15 revision of a transferred conversation of which PostgreSQL was told that it goes on, 16 sessionId of the last key
-- Returns { 'appended', seq, conversation that the session has left for this one or '' },
--   { 'repeated', seq, the message (JSON) or '' if it is in PostgreSQL only }, { 'refused', reason, what stands against it },
--   or false if the conversation is not hot, or has been meanwhile
local at = redis.call('HMGET', KEYS[1], 'status', 'seq', 'archivedSeq', 'firstHotSeq', 'tokenCount', 'agentId', 'sessionId', 'changes')
local status = at[1]
if status == 'deleted' then return { 'refused', 'closed', status } end
if not status and (ARGV[9] == '' or (redis.call('GET', KEYS[10]) or '') ~= ARGV[14]) then return false end

local seq = (tonumber(at[2]) or 0) + 1
if redis.call('HSETNX', KEYS[3], ARGV[2], seq) == 0 then
  local known = tonumber(redis.call('HGET', KEYS[3], ARGV[2]))
  local place = known - (tonumber(at[4]) or 1)
  return { 'repeated', known, place >= 0 and redis.call('LINDEX', KEYS[2], place) or '' }
end

local function refuse(reason, fact)
  redis.call('HDEL', KEYS[3], ARGV[2])
  return { 'refused', reason, fact }
end

if status == 'archived' then return refuse('closed', status) end
if ARGV[13] ~= '' and tonumber(ARGV[13]) ~= seq - 1 then return refuse('moved', seq - 1) end
if ARGV[11] ~= '' and seq > tonumber(ARGV[11]) then return refuse('messages', seq - 1) end
if ARGV[12] ~= '' then
  local holder = redis.call('HGET', KEYS[9], 'token') or ''
  if holder ~= ARGV[12] then return refuse('fenced', holder) end
end
if status == 'transferred' then
  -- PostgreSQL is taken for whole while Redis is away: it has to know first.
  local revision = at[8] + at[2]
  if tonumber(ARGV[15]) ~= revision then return refuse('transferred', revision) end
end

local opens = not status or (status ~= 'active' and ARGV[5] == 'user')
local agent, left = at[6], ''
if opens then
  local before = status and at[7] or ARGV[8]
  if before ~= ARGV[8] and before ~= ARGV[16] then return refuse('session', before) end
  local created = status and {} or cjson.decode(ARGV[9])
  agent = agent or created.agentId
  local current = redis.call('HGET', KEYS[8], agent)
  if current and current ~= ARGV[1] then left = current end
  if ARGV[10] ~= '' then
    local active = redis.call('ZCARD', KEYS[5]) - (left ~= '' and 1 or 0)
    if active >= tonumber(ARGV[10]) then return refuse('conversations', active) end
  end
  if not status then
    local fields = { 'archivedSeq', 0, 'archivedRevision', -1, 'firstHotSeq', 1, 'createdAt', ARGV[6] }
    for field, value in pairs(created) do
      fields[#fields + 1] = field
      fields[#fields + 1] = value
    end
    redis.call('HSET', KEYS[1], unpack(fields))
    redis.call('ZADD', KEYS[4], ARGV[6], ARGV[1])
  end
  if before ~= ARGV[8] and redis.call('HGET', KEYS[11], '~' .. agent) == ARGV[1] then redis.call('HDEL', KEYS[11], '~' .. agent) end
  redis.call('HSET', KEYS[8], agent, ARGV[1], '~' .. agent, ARGV[1])
  redis.call('ZADD', KEYS[5], ARGV[6], ARGV[1])
end

local change = { 'seq', seq, 'tokenCount', (tonumber(at[5]) or 0) + tonumber(ARGV[4]), 'lastMessageAt', ARGV[6] }
local function set(field, value)
  change[#change + 1] = field
  change[#change + 1] = value
end
if opens then
  redis.call('HINCRBY', KEYS[1], 'changes', 1)
  set('status', 'active')
  set('sessionId', ARGV[8])
  set('closedAt', '')
elseif status == 'transferred' then
  -- The answer of a run that was under way at the close: still closed, but not all of it is in PostgreSQL any more.
  set('status', 'completed')
end
if ARGV[5] == 'system' then
  -- The window always has them; it is told where they are, of many the newest 32.
  local seqs = (redis.call('HGET', KEYS[1], 'systemSeqs') or '') .. ',' .. seq
  local _, count = string.gsub(seqs, ',', '')
  if count > 32 then seqs = string.gsub(seqs, '^,%d+', '', 1) end
  set('systemSeqs', seqs)
end
redis.call('HSET', KEYS[1], unpack(change))
redis.call('RPUSH', KEYS[2], ARGV[3])
-- The first message that PostgreSQL lacks makes it due; what is due already stays so.
if seq - 1 == (tonumber(at[3]) or 0) then
  redis.call('ZADD', KEYS[6], 'LT', ARGV[7], ARGV[1])
  redis.call('ZADD', KEYS[7], ARGV[6], ARGV[1])
end
return { 'appended', seq, left }
