-- Notes that a move begins, unless the loop is stopped.
-- KEYS: loop, moving
-- ARGV: who moves what, now (ms), when it counts no more (ms), 1 if it begins also while the loop is stopped
-- Returns 1 if it begins
if ARGV[4] ~= '1' and redis.call('HGET', KEYS[1], 'status') == 'stopped' then return 0 end
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', ARGV[2])
redis.call('ZADD', KEYS[2], ARGV[3], ARGV[1])
return 1
