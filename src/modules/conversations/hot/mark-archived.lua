#!lua flags=allow-oom
-- Records what PostgreSQL has, verified, and says when to look at the conversation next.
-- KEYS: header, messages, due, unarchived
-- ARGV: conversationId, archived up to (seq), revision of the header that PostgreSQL has, release at (ms), look again at (ms)
-- Returns { number of messages not archived yet, 1 if it is transferred and this revision is the newest }, or false if the conversation is not hot
local at = redis.call('HMGET', KEYS[1], 'seq', 'archivedSeq', 'status', 'changes', 'archivedRevision', 'firstHotSeq')
if not at[1] then
  for i = 3, 4 do redis.call('ZREM', KEYS[i], ARGV[1]) end
  return false
end
local seq, archived = tonumber(at[1]), math.max(tonumber(at[2]), tonumber(ARGV[2]))
local revision, archivedRevision = tonumber(at[4]) + seq, math.max(tonumber(at[5]), tonumber(ARGV[3]))
redis.call('HSET', KEYS[1], 'archivedSeq', archived, 'archivedRevision', archivedRevision)
if archived < seq then
  -- The first such text in a message is its own: within its strings quotes are escaped.
  local since = string.match(redis.call('LINDEX', KEYS[2], archived + 1 - at[6]) or '', '"createdAt":(%d+)')
  if since then redis.call('ZADD', KEYS[4], since, ARGV[1]) end
else
  redis.call('ZREM', KEYS[4], ARGV[1])
end

local status = at[3]
if archived < seq or archivedRevision < revision then
  -- An active one gathers messages first; a closed one stays due.
  if status == 'active' then redis.call('ZADD', KEYS[3], ARGV[5], ARGV[1]) end
elseif status == 'active' then
  redis.call('ZREM', KEYS[3], ARGV[1])
elseif status == 'completed' then
  status = 'transferred'
  redis.call('HSET', KEYS[1], 'status', status)
  redis.call('ZADD', KEYS[3], ARGV[4], ARGV[1])
elseif status ~= 'deleted' then
  -- Marked before: its release time stands, unless it is over because of what was just moved.
  redis.call('ZADD', KEYS[3], tonumber(at[5]) < archivedRevision and 'GT' or 'NX', ARGV[4], ARGV[1])
end
return { seq - archived, status == 'transferred' and revision == tonumber(ARGV[3]) and 1 or 0 }
