-- Writes what was loaded, if the lease is still the loader's and nothing above the entry was invalidated meanwhile.
-- KEYS: entry, lease. ARGV: generation prefix, token, write request (JSON), head, body. Answers 1 when written.
if not holds(redis.call('GET', KEYS[2]), ARGV[2]) then return 0 end
redis.call('DEL', KEYS[2])
local request = cjson.decode(ARGV[3])
if not are_current(ARGV[1], request.scopes, request.generations) then return 0 end
request.key, request.head, request.body = KEYS[1], ARGV[4], ARGV[5]
write(request, ARGV[1], request.scopes, request.generations)
return 1
