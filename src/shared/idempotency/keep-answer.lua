-- Keeps the answer to a request, unless another one was kept before.
-- KEYS: record    ARGV: the record as it was reserved, the record with the answer
-- Returns the record if it is another one by now; false if the answer was kept, or nobody knows the key any more
local known = redis.call('GET', KEYS[1])
if known ~= ARGV[1] then return known end
redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
return false
