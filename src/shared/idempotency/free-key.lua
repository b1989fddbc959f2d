-- Forgets a key under which nothing was made.
-- KEYS: record    ARGV: the record as it was reserved
-- Returns 1 if it was forgotten
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
