#!lua flags=allow-oom
-- Records what PostgreSQL has, verified, and says when to look at the conversation next.
-- KEYS: header, due
-- ARGV: conversationId, archived up to (seq), revision of the header that PostgreSQL has, release at (ms), look again at (ms)
-- Returns { number of messages not archived yet, 1 if it is transferred and this revision is the newest }, or false if the conversation is not hot
local at = redis.call('HMGET', KEYS[1], 'seq', 'archivedSeq', 'status', 'changes', 'archivedRevision')
if not at[1] then
  redis.call('ZREM', KEYS[2], ARGV[1])
  return false
end
local seq, archived = tonumber(at[1]), math.max(tonumber(at[2]), tonumber(ARGV[2]))
local revision, archivedRevision = tonumber(at[4]) + seq, math.max(tonumber(at[5]), tonumber(ARGV[3]))
redis.call('HSET', KEYS[1], 'archivedSeq', archived, 'archivedRevision', archivedRevision)

local status = at[3]
if archived < seq or archivedRevision < revision then
  -- An active one gathers messages first; a closed one stays due.
  if status == 'active' then redis.call('ZADD', KEYS[2], ARGV[5], ARGV[1]) end
elseif status == 'active' then
  redis.call('ZREM', KEYS[2], ARGV[1])
elseif status == 'completed' then
  status = 'transferred'
  redis.call('HSET', KEYS[1], 'status', status)
  redis.call('ZADD', KEYS[2], ARGV[4], ARGV[1])
elseif status ~= 'deleted' then
  -- Marked before: its release time stands, unless it is over because of what was just moved.
  redis.call('ZADD', KEYS[2], tonumber(at[5]) < archivedRevision and 'GT' or 'NX', ARGV[4], ARGV[1])
end
return { seq - archived, status == 'transferred' and revision == tonumber(ARGV[3]) and 1 or 0 }
