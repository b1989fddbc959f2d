-- Reads an entry, and takes the lease to load it when there is none that is fresh.
-- KEYS: entry, lease. ARGV: generation prefix, token ('' takes no lease), leaseMs, ttlMs of new generations,
-- freshMs (an entry with more than this left is fresh; '' when none is, and the lease is taken from whoever has it), scopes …
-- Answers { 'fresh' | 'none' | 'taken' | 'lease', PTTL, entry or nil, generations … (with the lease) }.
local freshMs = tonumber(ARGV[5])
local entry = redis.call('GET', KEYS[1])
local leftMs = -2
if entry then
  local names, ids = scopes_of(entry)
  if are_current(ARGV[1], names, ids) then
    leftMs = redis.call('PTTL', KEYS[1])
    local graceMs = tonumber(string.match(entry, '\n(%d+) '))
    if freshMs and (leftMs == -1 or leftMs - graceMs > freshMs) then return { 'fresh', leftMs, entry } end
  else
    redis.call('UNLINK', KEYS[1])
    entry = false
  end
end
if ARGV[2] == '' then return { 'none', leftMs, entry } end
local lease = redis.call('GET', KEYS[2])
-- Whoever loads what was invalidated since may not store it: nobody waits for him.
if lease and freshMs and are_current(ARGV[1], split_scopes(string.match(lease, ' (.*)') or '')) then return { 'taken', leftMs, entry } end
local scopes = {}
for i = 6, #ARGV do scopes[#scopes + 1] = ARGV[i] end
local ids = mint(ARGV[1], scopes, ARGV[2], ARGV[4])
redis.call('SET', KEYS[2], ARGV[2] .. ' ' .. join_scopes(scopes, ids), 'PX', ARGV[3])
return { 'lease', leftMs, entry, unpack(ids) }
