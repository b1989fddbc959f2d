-- Lets an entry live its whole time again. KEYS: entry. ARGV: generation prefix, ttlMs. Answers 1 when there is one.
local entry = redis.call('GET', KEYS[1])
if not entry then return 0 end
local names = scopes_of(entry)
local keptMs = ARGV[2] + (tonumber(string.match(entry, '\n(%d+) ')) or 0)
redis.call('PEXPIRE', KEYS[1], keptMs)
for _, name in ipairs(names) do outlive(ARGV[1] .. name, redis.call('PTTL', ARGV[1] .. name), keptMs) end
return 1
