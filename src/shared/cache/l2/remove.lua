-- Removes an entry and the lease of whoever loads it. KEYS: entry, lease.
-- ARGV: generation prefix, channel, message, index prefix, name of the entry, type. Answers 1 when there was one to be read.
local entry = redis.call('GET', KEYS[1])
local count = 0
if entry then
  local names, ids = scopes_of(entry)
  local leftMs = redis.call('PTTL', KEYS[1])
  local isFresh = leftMs == -1 or leftMs > tonumber(string.match(entry, '\n(%d+) ') or 0)
  if isFresh and are_current(ARGV[1], names, ids) then count = 1 end
  for _, name in ipairs(names) do redis.call('ZREM', ARGV[4] .. name .. ':' .. ARGV[6], ARGV[5]) end
end
redis.call('UNLINK', KEYS[1], KEYS[2])
redis.call('PUBLISH', ARGV[2], ARGV[3])
return count
