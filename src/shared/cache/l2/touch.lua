-- Lets an entry live its whole time again, as its head says. KEYS: entry. ARGV: generation prefix. Answers 1 when there is one to be read.
local entry = redis.call('GET', KEYS[1])
if not entry then return 0 end
local names, ids = scopes_of(entry)
if not are_current(ARGV[1], names, ids) then return 0 end
local leftMs = redis.call('PTTL', KEYS[1])
if leftMs == -1 then return 1 end
local graceMs = tonumber(string.match(entry, '\n(%d+) '))
local ttlMs = tonumber(string.match(entry, '^%S+ %S+ %S+ %S+ (%d+) ') or 0)
if leftMs <= graceMs or ttlMs == 0 then return 0 end
redis.call('PEXPIRE', KEYS[1], ttlMs + graceMs)
for _, name in ipairs(names) do outlive(ARGV[1] .. name, redis.call('PTTL', ARGV[1] .. name), ttlMs + graceMs) end
return 1
