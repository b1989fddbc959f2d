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
if not freshMs then
  redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
elseif not redis.call('SET', KEYS[2], ARGV[2], 'NX', 'PX', ARGV[3]) then
  return { 'taken', leftMs, entry }
end
local answer = { 'lease', leftMs, entry }
local scopes = {}
for i = 6, #ARGV do scopes[#scopes + 1] = ARGV[i] end
for _, id in ipairs(mint(ARGV[1], scopes, ARGV[2], ARGV[4])) do answer[#answer + 1] = id end
return answer
